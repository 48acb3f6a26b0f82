"""Passes what goes wrong in the window's process on to the app's log.

Uncaught exceptions, of threads and of what the toolkit calls back, and warnings that are logged. They stay on stderr
too: the output of a window opened from the app or by `wesktop ctl open` is not seen otherwise.
"""

import logging
import os
import sys
import threading
import traceback
from pathlib import Path

from wesktop.window.backlog import Backlog
from wesktop.window.policy.login_links import HideLinks, without_links
from wesktopd.text import printable
from wesktopd.worker import client_text

MAX_TEXT = 8 * 1024  # characters of one report, of which its end is kept; JSON makes six bytes of one at most
MAX_WAITING = 32  # reports that wait for the server
MAX_REPORTS = 100  # different ones of one window: the app's log is bounded, and has other things to keep


class Reports:
    """Takes them from all threads and sends each once, from a thread of its own, when it is known where to."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._backlog = Backlog("reports", self._send, MAX_WAITING)
        self._server: tuple[Path, str] | None = None
        self._known = threading.Event()

    def install(self, name: str) -> None:
        """Take from now on what would be on stderr alone; name: the app's."""
        uncaught, uncaught_in_thread, unraisable = sys.excepthook, threading.excepthook, sys.unraisablehook

        def on_uncaught(kind, error, trace) -> None:  # type: ignore[no-untyped-def]
            uncaught(kind, error, trace)
            self.add(error)

        def on_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
            uncaught_in_thread(args)
            if args.exc_value is not None:
                self.add(args.exc_value)

        def on_unraisable(args: "sys.UnraisableHookArgs") -> None:
            unraisable(args)
            if args.exc_value is not None:
                self.add(args.exc_value)

        sys.excepthook, threading.excepthook, sys.unraisablehook = on_uncaught, on_uncaught_in_thread, on_unraisable
        client_text.watch("pywebview", "wesktop")
        logging.getLogger("pywebview").addFilter(HideLinks(name))
        logging.getLogger().addHandler(_Handler(self))

    def send_to(self, socket: Path, name: str) -> None:
        """From now on, and what waits: to the server of the app `name`, whose control socket this is."""
        self._server = socket, name
        self._known.set()

    def add(self, trouble: BaseException | str) -> None:
        """Report something, unless it was already."""
        text = trouble if isinstance(trouble, str) else "".join(traceback.format_exception(trouble))
        text = "\n".join(map(printable, without_links(text).split("\n")))
        if len(self._seen) < MAX_REPORTS and hash(text) not in self._seen:
            self._seen.add(hash(text))
            self._backlog.put(text.rstrip()[-MAX_TEXT:])

    def _send(self, text: str) -> None:
        self._known.wait()
        assert self._server is not None
        from wesktopd.control.connection import connect_path  # late: a window in order needs none of this
        from wesktopd.wire.window_messages import Print

        try:
            with connect_path(*self._server) as connection:
                connection.ask(Print(pid=os.getpid(), text=text))
        except Exception as error:  # an error of a report's is none to report
            sys.stderr.write(f"the app's log does not have it: {error}\n")


class _Handler(logging.Handler):
    """Of logged warnings, in the place of that which writes to stderr where there is none."""

    def __init__(self, reports: Reports) -> None:
        super().__init__(logging.WARNING)
        self._reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        if record.name != "pywebview" and logging.lastResort is not None:  # which writes by itself
            logging.lastResort.handle(record)
        self._reports.add(self.format(record))
