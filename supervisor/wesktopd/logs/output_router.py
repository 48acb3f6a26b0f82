"""Routes output, the workers' and the supervisor's own: to the terminal, to memory and to the log file."""

import asyncio
import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from wesktopd.errors import ConfigurationError, WesktopError
from wesktopd.logs.diagnostics import diagnostics
from wesktopd.logs.journal import Journal
from wesktopd.logs.logfile import LogFile, LogWriter
from wesktopd.logs.terminal import TerminalWriter
from wesktopd.paths import log_file
from wesktopd.spec import AppSpec
from wesktopd.text import sendable

DESCRIPTORS = {"stdout": 1, "stderr": 2}
FLUSH_TIMEOUT = 1.0  # seconds for a slow terminal or disk at the end; run() waits for one more (STOP_MARGIN)


class OutputRouter:
    """Takes all output while it is entered: a context manager.

    log_level: the lowest level at which the supervisor's own lines are shown on the terminal. owns_process: see
    `diagnostics`. on_trouble: receives, in the loop, why the log file cannot be written. warnings: of the start.
    """

    def __init__(
        self,
        spec: AppSpec,
        loop: asyncio.AbstractEventLoop,
        log_level: int,
        on_trouble: Callable[[str], None],
        owns_process: bool = False,
    ) -> None:
        self.warnings: list[str] = []
        outputs = {"stdout": sys.stdout, "stderr": sys.stderr}
        # By number, since the streams may have been replaced; none if there was no descriptor at the start.
        self._terminals = _terminals([name for name, output in outputs.items() if output])
        path = self._log_path(spec)
        self.log_file = sendable(str(path)) if path else None
        as_json = spec.log_format == "json"

        def report(text: str) -> None:  # from the thread that writes
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(on_trouble, text)

        file = LogFile(path, as_json=as_json, on_trouble=report) if path else None
        self.journal = Journal(LogWriter(file) if file else None, call_later=loop.call_later)
        self._diagnostics = diagnostics(
            self.journal.say, self._terminals.get("stderr"), log_level, loop, owns_process=owns_process
        )

    def __enter__(self) -> "OutputRouter":
        self._diagnostics.__enter__()
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        self._diagnostics.__exit__(None, None, None)
        if isinstance(error, Exception) and not isinstance(error, WesktopError):
            # It ends the supervisor, whose stderr may be /dev/null.
            self.journal.say("the supervisor has failed\n" + "".join(traceback.format_exception(error)).rstrip())
        deadline = time.monotonic() + FLUSH_TIMEOUT
        for terminal in self._writers:
            terminal.close(deadline - time.monotonic())
        self.journal.close(deadline - time.monotonic())

    @property
    def _writers(self) -> set[TerminalWriter]:
        return {*self._terminals.values()}

    def feed(self, pid: int, stream: str, data: bytes) -> None:
        """Take the output of a worker."""
        self.journal.feed(pid, stream, data)
        if stream in self._terminals:
            self._terminals[stream].write(data)

    def let_go(self) -> None:
        """Close the terminal: a reader of our output waits for the end of our caller, which is gone."""
        for terminal in self._writers:
            terminal.let_go()
        self._terminals.clear()

    def _log_path(self, spec: AppSpec) -> Path | None:
        if spec.log_format == "off":
            return None
        try:
            return log_file(spec.name)
        except ConfigurationError as error:
            self.warnings.append(f"the app's output is kept in memory only: {error.message}")
            return None


def _terminals(streams: list[str]) -> dict[str, TerminalWriter]:
    """Return a writer for each stream; one for both if they lead to the same place, to keep the lines' order."""
    descriptors = [DESCRIPTORS[stream] for stream in streams]
    with contextlib.suppress(OSError):  # one is closed
        if len(streams) > 1 and os.path.sameopenfile(*descriptors):
            return dict.fromkeys(streams, TerminalWriter(*descriptors))
    return {stream: TerminalWriter(DESCRIPTORS[stream]) for stream in streams}
