"""Zoom, shortcuts, context menu, spelling and the page's title on WebKitGTK."""

from collections.abc import Iterator
from typing import Any

from gi.repository import Gdk, Gio, GObject, WebKit2

from wesktop.window.frame.behaviour import BACK, FORWARD, ZOOM_IN, ZOOM_OUT, Behaviour, mouse_command, shortcut
from wesktop.window.toolkit import Observer

_Action = WebKit2.ContextMenuAction
_KEPT = {  # of the engine's items; all others lead away from the page, or open windows
    _Action.CUT, _Action.COPY, _Action.PASTE, _Action.PASTE_AS_PLAIN_TEXT, _Action.DELETE, _Action.SELECT_ALL,
    _Action.COPY_LINK_TO_CLIPBOARD, _Action.COPY_IMAGE_TO_CLIPBOARD, _Action.COPY_IMAGE_URL_TO_CLIPBOARD,
    _Action.SPELLING_GUESS, _Action.NO_GUESSES_FOUND, _Action.IGNORE_SPELLING, _Action.LEARN_SPELLING,
    _Action.INPUT_METHODS, _Action.UNICODE, _Action.INSERT_EMOJI,
}  # fmt: skip
_STEP = 1.0  # of a smooth wheel, which reports fractions


def apply(native: Any, webview: Any, behaviour: Behaviour, observer: Observer) -> None:
    """Give the window its shortcuts, and the web view its context menu and spelling."""
    _Input(behaviour, observer).connect(native, webview)
    if behaviour.context_menu and not behaviour.debug:
        _disconnect_all(webview, "context-menu")  # pywebview's, which shows none
        webview.connect("context-menu", _on_context_menu)
    context = webview.get_context()
    context.set_spell_checking_enabled(behaviour.spellcheck != [])
    if behaviour.spellcheck:
        context.set_spell_checking_languages(behaviour.spellcheck)
    webview.connect("notify::title", lambda view, _: observer.title_changed(view.get_title() or ""))
    webview.connect("web-process-terminated", _on_terminated, observer)


class _Input:
    """Keys that the page has not handled, and wheel and buttons of the mouse before it."""

    def __init__(self, behaviour: Behaviour, observer: Observer) -> None:
        self._behaviour = behaviour
        self._observer = observer
        self._turned = 0.0

    def connect(self, native: Any, webview: Any) -> None:
        # After the web view, which takes every key and sends on those that the page does not want.
        native.connect_after("key-press-event", self._on_key)
        webview.connect("key-press-event", self._on_arrow)
        webview.connect("scroll-event", self._on_scroll)
        webview.connect("button-press-event", self._on_button)

    def _on_key(self, _: Any, event: Any) -> bool:
        return self._observer.command(self._command(event))

    def _on_arrow(self, _: Any, event: Any) -> bool:
        """Before the web view, which keeps all arrow keys for scrolling."""
        command = self._command(event)
        return self._observer.command(command) if command in (BACK, FORWARD) else False

    def _command(self, event: Any) -> str | None:
        name = Gdk.keyval_name(event.keyval) or ""
        character = chr(Gdk.keyval_to_unicode(event.keyval))
        key = character if character.isprintable() else name
        held = event.state
        ctrl, alt = bool(held & Gdk.ModifierType.CONTROL_MASK), bool(held & Gdk.ModifierType.MOD1_MASK)
        return shortcut(key, ctrl=ctrl, alt=alt)

    def _on_scroll(self, _: Any, event: Any) -> bool:
        if not event.state & Gdk.ModifierType.CONTROL_MASK or not self._behaviour.zoom:
            return False
        if event.direction == Gdk.ScrollDirection.SMOOTH:
            self._turned += event.delta_y
            if abs(self._turned) < _STEP:
                return True
            up, self._turned = self._turned < 0, 0.0
        else:
            up = event.direction == Gdk.ScrollDirection.UP
        return self._observer.command(ZOOM_IN if up else ZOOM_OUT)

    def _on_button(self, _: Any, event: Any) -> bool:
        return self._observer.command(mouse_command(event.button))


def _disconnect_all(webview: Any, signal: str) -> None:
    number = GObject.signal_lookup(signal, webview)
    while handler := GObject.signal_handler_find(webview, GObject.SignalMatchType.ID, number, 0, None, None, None):
        webview.disconnect(handler)


def _on_context_menu(webview: Any, menu: Any, _event: Any, hit: Any) -> bool:
    """Leave the items for text and spelling; return True for no menu."""
    for item in menu.get_items():
        if not item.is_separator() and item.get_stock_action() not in _KEPT:
            menu.remove(item)
    if hit.context_is_editable():
        menu.prepend(WebKit2.ContextMenuItem.new_separator())
        for command in ("Redo", "Undo"):
            menu.prepend(_editing_item(webview, command))
    elif _Action.SELECT_ALL not in {item.get_stock_action() for item in menu.get_items()}:
        menu.append(WebKit2.ContextMenuItem.new_from_stock_action(_Action.SELECT_ALL))
    for separator in _needless_separators(menu.get_items()):
        menu.remove(separator)
    return bool(menu.get_n_items() == 0)


def _editing_item(webview: Any, command: str) -> Any:
    action = Gio.SimpleAction.new(command.lower(), None)
    action.connect("activate", lambda *_: webview.execute_editing_command(command))
    return WebKit2.ContextMenuItem.new_from_gaction(action, command, None)


def _needless_separators(items: list[Any]) -> Iterator[Any]:
    """Yield the separators at the ends, and those that follow another."""
    before = True
    for position, item in enumerate(items):
        if item.is_separator() and (before or all(each.is_separator() for each in items[position:])):
            yield item
        else:
            before = item.is_separator()


def _on_terminated(_: Any, reason: Any, observer: Observer) -> None:
    if reason != WebKit2.WebProcessTerminationReason.TERMINATED_BY_API:
        observer.page_died()
