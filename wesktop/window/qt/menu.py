"""The menu bar on Qt."""

from collections.abc import Callable
from typing import Any

from qtpy.QtGui import QKeySequence

from wesktop.window.frame.menu import Item, Items


def set_menu(native: Any, menu: list[Item], choose: Callable[[Item], None]) -> None:
    """Give the window a menu bar; `choose` is called with the item that the user chooses."""
    bar = native.menuBar()
    for item in menu:
        _build(bar.addMenu(_label(item)), item["items"], choose)


def _build(menu: Any, items: Items, choose: Callable[[Item], None]) -> None:
    for item in items:
        if isinstance(item, str):
            menu.addSeparator()
        elif "items" in item:
            _build(menu.addMenu(_label(item)), item["items"], choose)
        else:
            action = menu.addAction(_label(item))
            if "key" in item:
                action.setShortcut(QKeySequence(item["key"]))
            action.triggered.connect(_choosing(item, choose))


def _choosing(item: Item, choose: Callable[[Item], None]) -> Callable[..., None]:
    return lambda *_: choose(item)


def _label(item: Item) -> str:
    label: str = item["label"]
    return label.replace("&", "&&")  # one alone underlines the letter that follows
