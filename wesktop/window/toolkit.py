"""The base class of the toolkits: everything in which they differ."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from wesktop.window.frame.behaviour import Behaviour
from wesktop.window.frame.file_drop import Dropped
from wesktop.window.frame.geometry import Area, Geometry
from wesktop.window.frame.menu import Item
from wesktop.window.policy.rules import Rules

if TYPE_CHECKING:  # loading them takes 5 ms, and the page goes first
    from wesktop.window.dialogs.dialog import Dialog, Done
    from wesktopd.wire import dialog_messages

WITHIN = 2.0  # seconds that a toolkit has for what another thread waits for
PATIENCE = 0.4  # seconds that a page has for an answer to whether its window may be closed


class Observer(Protocol):
    """Receives what happens to the page, in the toolkit's thread."""

    def load_failed(self, url: str) -> None:
        """A page could not be loaded."""

    def page_died(self) -> None:
        """The process of the page ended unexpectedly."""

    def closed_by_page(self) -> None:
        """The page has called `window.close()`."""

    def title_changed(self, title: str) -> None:
        """The page has another title; "" for none."""

    def command(self, name: str | None) -> bool:
        """Carry out a command of `wesktop.window.frame.behaviour`; return False if the app does not offer it."""


class Toolkit:
    """The base serves macOS and Windows, where pywebview does it all; GTK and Qt have their own."""

    name: str | None = None
    centres_content = False
    """True if a window without a place is centred without its frame, whose title bar may then be off the screen."""

    def prepare(self, app_id: str, icon: str | None) -> None:
        """Before pywebview loads the toolkit: environment, identity, and checks of what would end the process.

        Raises NoDisplayError or ConfigurationError.
        """

    def caches(self) -> list[Path]:
        """Directories of cached answers that are not in the window's storage, once it is prepared."""
        return []

    def before_first_page(self, window: Any) -> Any:
        """pywebview's event at the last moment at which the first page can still be chosen."""
        return window.events.initialized

    def dress(self, window: Any, rules: Rules, behaviour: Behaviour, observer: Observer) -> None:
        """Once the toolkit's window exists, not shown yet: put its page under the rules, and report to *observer*.

        On macOS and Windows pywebview does not offer what *behaviour* asks for.
        """

    def replace_page(self, window: Any, html: str) -> str:
        """Show this instead of the page, which is not asked and ends immediately. Return the address it was at, ""
        where the toolkit does not know it. May be called from any other thread.
        """
        at = window.get_current_url() or ""
        window.load_html(html, "about:blank")
        return str(at)

    def forget_cached(self, window: Any) -> None:
        """Leave no service worker and no cached answer; may be called from any other thread, and blocks."""

    def inspect(self, window: Any) -> bool:  # noqa: ARG002
        """Offer the page's developer tools when the window is shown; return whether pywebview has to."""
        return True

    def screens(self) -> list[Area]:
        """The screens, without what panels take of them."""
        return []

    def corner(self) -> tuple[int, int]:
        """The upper left corner of the toolkit's first screen."""
        return 0, 0

    def geometry(self, window: Any) -> Geometry | None:  # noqa: ARG002
        """Return the window's geometry; None if unknown, or not worth keeping: minimised, hidden, full screen."""
        return None

    def on_moved(self, window: Any, changed: Callable[[], None]) -> None:
        """Call `changed` whenever the window is moved, resized, maximised or restored."""

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call the function in the toolkit's thread, in which this is called too."""

    def set_menu(self, window: Any, menu: list[Item], choose: Callable[[Item], None]) -> None:
        """Give the window a menu bar, before it is shown. `choose` is called with what the user chooses."""
        from webview.menu import Menu, MenuAction, MenuSeparator

        def built(item: Item | str) -> Any:
            if isinstance(item, str):
                return MenuSeparator()
            if "items" in item:
                return Menu(item["label"], [built(each) for each in item["items"]])
            return MenuAction(item["label"], lambda: choose(item))

        window.menu = [built(item) for item in menu]

    def focus(self, window: Any) -> None:
        """Bring the window to the front, also one that is hidden; may be called from any thread."""
        window.show()
        window.restore()

    def on_focus(self, window: Any, focused: Callable[[], None]) -> None:
        """Once the toolkit's window exists: call `focused` whenever it gets the focus.

        On macOS and Windows pywebview does not report it: there the window opened last counts.
        """

    def reload(self, window: Any) -> None:
        """Load the page anew, without waiting for it; from any thread.

        By the engine, which keeps the initiator of the page's load: by a script, the page itself would be it.
        """
        threading.Thread(target=window.run_js, args=("location.reload()",), name="reload", daemon=True).start()

    def set_zoom(self, window: Any, factor: float) -> None:
        """Enlarge the page; 1.0 is its own size. In the toolkit's thread."""

    def go(self, window: Any, steps: int) -> None:
        """Go back (-1) or forward (1) in the history of the page, if possible. In the toolkit's thread."""

    def set_title(self, window: Any, title: str) -> None:
        """Change the window's title. In the toolkit's thread."""
        window.set_title(title)

    def on_dropped(self, window: Any, dropped: Dropped) -> None:
        """Once the toolkit's window exists: report files dropped on the page."""

    def hide(self, window: Any) -> None:
        """Take the window off the screen; its page goes on."""
        window.hide()

    def confirm(self, window: Any, question: str) -> bool:  # noqa: ARG002
        """Ask the user in a dialog; blocks the toolkit's thread, in which this is called."""
        return True

    def ask_page(self, window: Any, close: Callable[[], None]) -> None:  # noqa: ARG002
        """Call `close` if the page does not mind, or does not answer; it may be asking the user."""
        close()

    def make_dialog(self, window: Any, question: "dialog_messages.Dialog", done: "Done") -> "Dialog":
        """Return a dialog that is not open yet; `done` is called once with its answer, in any thread."""
        from wesktop.window.dialogs.dialog import SystemDialog

        return SystemDialog(window, question, done)

    def notify(self, title: str, body: str, app_id: str, icon: str | None) -> None:  # noqa: ARG002
        """Show a notification. Raises WindowError with the reason why the desktop shows none."""
        from wesktop.window.dialogs.notifications import run_script

        run_script(sys.platform, title, body, app_id)
