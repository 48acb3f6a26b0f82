"""Where output goes, the workers' and the supervisor's own: to the terminal, to memory and to the log file."""

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path

from wesktopd import configs
from wesktopd.echo import Echo, own_lines
from wesktopd.errors import ConfigurationError
from wesktopd.logfile import LogFile
from wesktopd.logs import Journal
from wesktopd.paths import log_file
from wesktopd.spec import AppSpec

DESCRIPTORS = {"stdout": 1, "stderr": 2}

logger = logging.getLogger("wesktopd")


class Output:
    """Takes all output for as long as it is entered: a context manager.

    log_level: from which on the supervisor's own lines are shown on the terminal.
    """

    def __init__(self, spec: AppSpec, loop: asyncio.AbstractEventLoop, log_level: int) -> None:
        self._spec = spec
        self._level = log_level
        outputs = {"stdout": sys.stdout, "stderr": sys.stderr}
        # By number, since the streams may have been replaced; none where there was no descriptor at the start.
        self._echoes = {name: Echo(DESCRIPTORS[name], loop) for name, output in outputs.items() if output}
        self._closing = contextlib.ExitStack()
        path = _log_path(spec)
        self.log_file = str(path) if path else None
        as_json = spec.log_format == "json"
        self.journal = Journal(LogFile(path, as_json=as_json, on_trouble=logger.warning) if path else None)

    def __enter__(self) -> "Output":
        self._closing.callback(self.journal.close)
        for echo in self._echoes.values():
            self._closing.callback(echo.close)
        self._closing.enter_context(own_lines(self._echoes.get("stderr"), self._level))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def feed(self, pid: int, stream: str, data: bytes) -> None:
        """A worker has printed this."""
        self.journal.feed(pid, stream, data)
        if stream in self._echoes:
            self._echoes[stream].write(data)

    def flush(self) -> None:
        """Have nothing left that waits for more, as far as the terminal takes it."""
        self.journal.flush()
        for echo in self._echoes.values():
            echo.close()

    def let_go(self) -> None:
        """Print no more: who waits for the end of our output, waits for our caller, who is gone."""
        for name, echo in self._echoes.items():
            echo.close()
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), DESCRIPTORS[name])
        self._echoes.clear()

    def save_config(self) -> str | None:
        """Keep the spec for `wesktop ctl start`; the file's path, None where there is no place for it."""
        try:
            return str(configs.save(self._spec))
        except (OSError, ConfigurationError) as error:
            logger.debug("the app's config file cannot be kept: %s", error)
            return None


def _log_path(spec: AppSpec) -> Path | None:
    if spec.log_format == "off":
        return None
    try:
        return log_file(spec.name)
    except ConfigurationError:
        return None  # memory has to do
