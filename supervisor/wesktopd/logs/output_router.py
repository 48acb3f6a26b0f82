"""Where output goes, the workers' and the supervisor's own: to the terminal, to memory and to the log file."""

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
FLUSH_TIMEOUT = 1.0  # seconds that a slow terminal or disk has at the end; run() waits for one more (STOP_MARGIN)


class OutputRouter:
    """Takes all output for as long as it is entered: a context manager.

    log_level: from which on the supervisor's own lines are shown on the terminal. owns_process: see `diagnostics`.
    on_trouble: is told, in the loop, that the log file cannot be written. warnings: what is amiss from the first.
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
        # By number, since the streams may have been replaced; none where there was no descriptor at the start.
        self._terminals = _terminals([name for name, output in outputs.items() if output])
        path = self._log_path(spec)
        self.log_file = sendable(str(path)) if path else None
        as_json = spec.log_format == "json"

        def tell(text: str) -> None:  # from the thread that writes
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(on_trouble, text)

        file = LogFile(path, as_json=as_json, on_trouble=tell) if path else None
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
        """A worker has printed this."""
        self.journal.feed(pid, stream, data)
        if stream in self._terminals:
            self._terminals[stream].write(data)

    def let_go(self) -> None:
        """Print no more: who waits for the end of our output, waits for our caller, who is gone."""
        for terminal in self._writers:
            terminal.let_go()
        self._terminals.clear()

    def _log_path(self, spec: AppSpec) -> Path | None:
        if spec.log_format == "off":
            return None
        try:
            return log_file(spec.name)
        except ConfigurationError as error:
            self.warnings.append(f"what the app prints is kept in memory alone: {error.message}")
            return None


def _terminals(streams: list[str]) -> dict[str, TerminalWriter]:
    """A writer for each stream; the same one where they lead to the same place, so that lines keep their order."""
    descriptors = [DESCRIPTORS[stream] for stream in streams]
    with contextlib.suppress(OSError):  # one is closed
        if len(streams) > 1 and os.path.sameopenfile(*descriptors):
            return dict.fromkeys(streams, TerminalWriter(*descriptors))
    return {stream: TerminalWriter(DESCRIPTORS[stream]) for stream in streams}
