"""The menu bar on GTK."""

from collections.abc import Callable
from typing import Any

from gi.repository import Gio

from wesktop.window.frame.menu import SEPARATOR, Item, Items, accelerator


def set_menu(native: Any, menu: list[Item], choose: Callable[[Item], None]) -> None:
    """Give the window a menu bar; `choose` is called with the item that the user chooses."""
    application = native.get_application()
    actions = 0

    def action_for(item: Item) -> str:
        """Named by a number: what a label may consist of, the name of an action may not."""
        nonlocal actions
        actions += 1
        action = Gio.SimpleAction.new(f"wesktop-{actions}", None)
        action.connect("activate", lambda *_: choose(item))
        application.add_action(action)
        name = f"app.wesktop-{actions}"
        if "key" in item:
            application.set_accels_for_action(name, [accelerator(item["key"])])
        return name

    def build(items: Items) -> Any:
        model = Gio.Menu()
        section = Gio.Menu()
        for item in items:
            if isinstance(item, str):
                assert item == SEPARATOR
                model.append_section(None, section)
                section = Gio.Menu()
            elif "items" in item:
                section.append_submenu(_label(item), build(item["items"]))
            else:
                section.append(_label(item), action_for(item))
        model.append_section(None, section)
        return model

    bar = Gio.Menu()
    for item in menu:
        bar.append_submenu(_label(item), build(item["items"]))
    application.set_menubar(bar)


def _label(item: Item) -> str:
    label: str = item["label"]
    return label.replace("_", "__")  # one alone underlines the letter that follows
