"""The user's request to close the window, and whether it is granted."""

from typing import Any

from wesktop.window.toolkit import Toolkit


class CloseRequest:
    """The window is hidden, or else closed once the user has confirmed it, if asked, and the page agrees.

    A page objects by `beforeunload`, which browsers let it when the user has touched it. One that is too busy to be
    asked has no say.
    """

    def __init__(self, window: Any, toolkit: Toolkit, *, question: str | None, hides: bool) -> None:
        self._window = window
        self._toolkit = toolkit
        self._question = question
        self._hides = hides
        self._decided = False
        window.events.closing += self._on_closing
        if question is not None and toolkit.name is None:  # pywebview asks, in its own way
            window.confirm_close = True
            window.localization_override = {"global.quitConfirmation": question}

    def decide(self) -> None:
        """Close without asking from now on."""
        self._decided = True

    def _on_closing(self) -> bool:
        """Return whether it may be closed immediately. Called in the toolkit's thread."""
        if self._decided:
            return True
        if self._hides:
            self._toolkit.hide(self._window)
        else:
            self.quit()
        return False

    def quit(self) -> None:
        """Close the window, if user and page agree. In the toolkit's thread."""
        if self._question is None or self._toolkit.confirm(self._window, self._question):
            self._toolkit.ask_page(self._window, self._close)

    def by_page(self) -> None:
        """The page has called `window.close()`: hide the window, or close it once the user has confirmed it."""
        if self._hides:
            self._toolkit.hide(self._window)
        elif self._question is None or self._toolkit.confirm(self._window, self._question):
            self._close()

    def _close(self) -> None:
        self.decide()
        self._window.destroy()
