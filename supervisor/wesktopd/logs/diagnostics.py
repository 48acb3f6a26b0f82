"""The supervisor's own messages: what it logs and every exception of its own, on the terminal and in the journal.

A supervisor in the background has no other place than the journal: its stderr is /dev/null.
"""

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from wesktopd.logs.terminal import TerminalWriter
from wesktopd.text import printable_lines

IN_JOURNAL = {"in_journal": True}  # `extra` of a record that the journal has already

logger = logging.getLogger("wesktopd")


class TerminalHandler(logging.Handler):
    """Writes log records to the terminal; a full stderr must not hold up the supervisor either."""

    def __init__(self, terminal: TerminalWriter) -> None:
        super().__init__()
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        self._terminal.write(f"{printable_lines(self.format(record))}\n".encode())


class JournalHandler(logging.Handler):
    """Adds log records with their tracebacks to the journal, from any thread. output: runs in the loop."""

    def __init__(self, output: Callable[[str], None], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.WARNING)
        self._print, self._loop = output, loop
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "in_journal"):
            return
        text = self.format(record)
        if threading.get_ident() == self._thread:
            self._print(text)
        else:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._print, text)


@contextlib.contextmanager
def diagnostics(
    output: Callable[[str], None],
    terminal: TerminalWriter | None,
    level: int,
    loop: asyncio.AbstractEventLoop,
    *,
    owns_process: bool,
) -> Iterator[None]:
    """Collect the supervisor's messages. Call it in the loop's thread.

    output: adds text to the journal. terminal: shows messages from `level` on, unless the program has set up logging.
    owns_process: collect what asyncio logs and exceptions in threads as well; a user's program has its own way.
    """
    with contextlib.ExitStack() as undo:
        handlers: list[logging.Handler] = [JournalHandler(output, loop)]
        if terminal is not None and not logger.hasHandlers():
            handlers.append(TerminalHandler(terminal))
            undo.callback(logger.setLevel, logger.level)
            logger.setLevel(level)
        for source in [logger, logging.getLogger("asyncio")] if owns_process else [logger]:
            for handler in handlers:
                source.addHandler(handler)
                undo.callback(source.removeHandler, handler)
        loop.set_exception_handler(_on_loop_error)
        undo.callback(loop.set_exception_handler, None)
        if owns_process:
            _take_hooks(undo)
        yield


def _on_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception of a callback or a task, see asyncio's `call_exception_handler`."""
    where = [f"{name}: {context[name]!r}" for name in ("future", "task", "handle", "protocol") if name in context]
    logger.error("\n".join([context["message"], *where]), exc_info=context.get("exception"))


def _take_hooks(undo: contextlib.ExitStack) -> None:
    undo.callback(setattr, threading, "excepthook", threading.excepthook)
    undo.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
    threading.excepthook = _on_thread_error
    sys.unraisablehook = _on_unraisable


def _on_thread_error(error: threading.ExceptHookArgs) -> None:
    if error.exc_type is not SystemExit and error.exc_value is not None:
        name = error.thread.name if error.thread else "?"
        logger.error("thread %r has failed", name, exc_info=error.exc_value)


def _on_unraisable(error: "sys.UnraisableHookArgs") -> None:
    if error.exc_value is not None:
        logger.error("%s: %r", error.err_msg or "exception ignored in", error.object, exc_info=error.exc_value)
