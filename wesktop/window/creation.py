"""Exceptions raised while the window is created: they keep it from opening, and are passed on to the caller."""

import os
import socket
import sys
import traceback
from types import TracebackType

from wesktop.window.spec import NotOpened
from wesktopd.errors import WesktopError, WindowError
from wesktopd.system import send_message


class Creation:
    """The time until the window is on the screen.

    What a toolkit calls back is no part of our stack: GTK's bindings print what is raised there (by sys.excepthook),
    and go on without a window. So that is an end too, until `over`.
    """

    def __init__(self, caller: socket.socket) -> None:
        self._caller = caller
        self.over = False
        sys.excepthook = self._uncaught

    def failed(self, error: Exception) -> int:
        """Tell the caller why there is no window; the exit code."""
        told = error if isinstance(error, WesktopError) else unforeseen(error)
        send_message(self._caller, NotOpened(error=type(told).__name__, message=told.message))
        return told.exit_code

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if isinstance(error, Exception) and not self.over:
            code = self.failed(error)
            sys.stderr.flush()
            os._exit(code)


def unforeseen(error: Exception) -> WindowError:
    """Return the exception of a toolkit as a WindowError with one sentence."""
    said = " ".join("".join(traceback.format_exception_only(error)).split())
    return WindowError(f"the window cannot be created ({said}): `wesktop doctor` may say why.")
