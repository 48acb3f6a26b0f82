"""What differs between GUI toolkits."""

from collections.abc import Callable
from typing import Any

from wesktop.window.policy import Rules


class Toolkit:
    """The base serves macOS and Windows, where pywebview does it all; GTK and Qt have their own."""

    name: str | None = None

    def prepare(self, app_id: str, icon: str | None) -> None:
        """Before pywebview loads the toolkit: environment, identity, and checks of what would end the process.

        Raises NoDisplayError or ConfigurationError.
        """

    def before_first_page(self, window: Any) -> Any:
        """pywebview's event at the last moment at which the first page can still be chosen."""
        return window.events.initialized

    def dress(self, window: Any, rules: Rules, on_failed: Callable[[str], None]) -> None:
        """Once the toolkit's window exists, not shown yet: put its page under the rules.

        on_failed(url): a page could not be loaded.
        """

    def focus(self, window: Any) -> None:
        """Bring the window to the front; may be called from any thread."""
        window.restore()


def toolkit(gui: str | None) -> Toolkit:
    """The toolkit of that name."""
    if gui == "gtk":
        from wesktop.window.gtk import Gtk

        return Gtk()
    if gui == "qt":
        from wesktop.window.qt import Qt

        return Qt()
    return Toolkit()
