"""The files that an app's server has written for its next start: `uninstall` removes them with the service."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from wesktop.services.places import service_id
from wesktopd import paths
from wesktopd.errors import ConfigurationError

SYSTEM_STATE = Path("/var/lib")
TAIL_LINES = 20


def kept_files(name: str, *, system: bool) -> list[Path]:
    """Its logs, config file, port and host, as far as they are there. The page's own storage is the user's."""
    if system:  # as wesktop.services.units has it
        state = SYSTEM_STATE / service_id(name) / paths.APP
        config, log = state / f"{name}.toml", state / "log" / f"{name}.log"
        port, host = state / f"{name}.port", state / f"{name}.host"
    else:
        try:
            config, log = paths.config_file(name), paths.log_file(name)
            port, host = paths.port_file(name), paths.host_file(name)
        except ConfigurationError:  # no home, no files
            return []
    from wesktopd.logfile import KEPT

    rotated = [log.with_name(f"{log.name}.{number}") for number in range(1, KEPT + 1)]
    return [path for path in (log, *rotated, config, port, host) if path.is_file()]


def remove(files: Iterable[Path], name: str, *, system: bool) -> None:
    """Remove these files, and wesktop's directories for them where nothing is left in those."""
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink()
    for directory in _directories(name, system=system):
        with contextlib.suppress(OSError):
            directory.rmdir()


def _directories(name: str, *, system: bool) -> list[Path]:
    """Innermost first."""
    if system:
        state = SYSTEM_STATE / service_id(name)
        return [state / paths.APP / "log", state / paths.APP, state]
    try:
        return [paths.config_file(name).parent, paths.log_file(name).parent, paths.port_file(name).parent]
    except ConfigurationError:
        return []


def log_tail(name: str, *, system: bool, since: float) -> str:
    """The last lines that the app has printed since then (time.time()); empty where it keeps no log."""
    from wesktopd.logfile import parse

    for path in kept_files(name, system=system)[:1]:
        if path.suffix == ".log":
            with contextlib.suppress(OSError):
                lines = path.read_bytes().splitlines()[-TAIL_LINES:]
                return "\n".join(line.text for line in map(parse, lines) if line is not None and line.time >= since)
    return ""
