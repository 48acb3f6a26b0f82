"""Where output goes, the workers' and the supervisor's own: to the terminal, to memory and to the log file."""

import asyncio
import contextlib
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

from wesktopd import configs
from wesktopd.diagnostics import diagnostics
from wesktopd.errors import ConfigurationError, WesktopError
from wesktopd.logfile import LogFile, LogWriter
from wesktopd.logs import Journal
from wesktopd.paths import log_file
from wesktopd.spec import AppSpec
from wesktopd.terminal import TerminalWriter

DESCRIPTORS = {"stdout": 1, "stderr": 2}
FLUSH_TIMEOUT = 1.0  # seconds that a slow terminal or disk has at the end; run() waits for one more (STOP_MARGIN)

logger = logging.getLogger("wesktopd")


class Output:
    """Takes all output for as long as it is entered: a context manager.

    log_level: from which on the supervisor's own lines are shown on the terminal. owns_process: see `diagnostics`.
    """

    def __init__(
        self, spec: AppSpec, loop: asyncio.AbstractEventLoop, log_level: int, *, owns_process: bool = False
    ) -> None:
        self._spec = spec
        outputs = {"stdout": sys.stdout, "stderr": sys.stderr}
        # By number, since the streams may have been replaced; none where there was no descriptor at the start.
        self._terminals = _terminals([name for name, output in outputs.items() if output])
        path = _log_path(spec)
        self.log_file = str(path) if path else None
        as_json = spec.log_format == "json"
        file = LogFile(path, as_json=as_json, on_trouble=logger.warning) if path else None
        self.journal = Journal(LogWriter(file) if file else None, call_later=loop.call_later)
        self._diagnostics = diagnostics(
            self.journal.say, self._terminals.get("stderr"), log_level, loop, owns_process=owns_process
        )

    def __enter__(self) -> "Output":
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

    def flush(self) -> None:
        """Have nothing left that waits for more, as far as terminal and disk take it."""
        self.journal.flush(FLUSH_TIMEOUT)
        for terminal in self._writers:
            terminal.flush(FLUSH_TIMEOUT)

    def let_go(self) -> None:
        """Print no more: who waits for the end of our output, waits for our caller, who is gone."""
        for terminal in self._writers:
            terminal.let_go()
        self._terminals.clear()

    def save_config(self) -> str | None:
        """Keep the spec for `wesktop ctl start`; the file's path, None where there is no place for it."""
        try:
            return str(configs.save(self._spec))
        except (OSError, ConfigurationError) as error:
            logger.debug("the app's config file cannot be kept: %s", error)
            return None


def _terminals(streams: list[str]) -> dict[str, TerminalWriter]:
    """A writer for each stream; the same one where they lead to the same place, so that lines keep their order."""
    descriptors = [DESCRIPTORS[stream] for stream in streams]
    with contextlib.suppress(OSError):  # one is closed
        if len(streams) > 1 and os.path.sameopenfile(*descriptors):
            return dict.fromkeys(streams, TerminalWriter(*descriptors))
    return {stream: TerminalWriter(DESCRIPTORS[stream]) for stream in streams}


def _log_path(spec: AppSpec) -> Path | None:
    if spec.log_format == "off":
        return None
    try:
        return log_file(spec.name)
    except ConfigurationError:
        return None  # memory has to do
