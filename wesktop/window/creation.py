"""Exceptions raised while the window is created: they keep it from opening, and are sent to the launcher."""

import os
import socket
import sys
import traceback
from collections.abc import Callable
from types import TracebackType

from wesktop.window.spec import NotOpened
from wesktopd.errors import WesktopError, WindowError
from wesktopd.system import send_message


class Creation:
    """The time until the window is on the screen.

    GTK's bindings pass exceptions of callbacks to sys.excepthook, and go on without a window: until `over`, they end
    the process instead.
    """

    def __init__(self, caller: socket.socket) -> None:
        self._caller = caller
        self.over = False
        sys.excepthook = self._uncaught

    def failed(self, error: Exception) -> int:
        """Send the launcher the reason why no window opens; return the exit code."""
        sent = error if isinstance(error, WesktopError) else unforeseen(error)
        send_message(self._caller, NotOpened(error=type(sent).__name__, message=sent.message))
        return sent.exit_code

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if isinstance(error, Exception) and not self.over:
            code = self.failed(error)
            sys.stderr.flush()
            os._exit(code)


def required(handler: Callable[[], object]) -> Callable[[], None]:
    """Return a handler of a pywebview event that must succeed for the window to open.

    pywebview logs what a handler raises and goes on: a page would be shown without its rules.
    """

    def call() -> None:
        try:
            handler()
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)

    return call


def unforeseen(error: Exception) -> WindowError:
    """Return the exception of a toolkit as a WindowError with one sentence."""
    reason = " ".join("".join(traceback.format_exception_only(error)).split())
    return WindowError(f"the window cannot be created ({reason}): `wesktop doctor` may say why.")
