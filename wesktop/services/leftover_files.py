"""The files that an app's server has written for its next start: `uninstall` removes them with the service.

Root removes those of the machine's services, which are in a directory of the service's user: see UntrustedDirectory.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from wesktop.services.places import service_id
from wesktop.services.untrusted_directory import UntrustedDirectory
from wesktopd import paths
from wesktopd.errors import ConfigurationError

SYSTEM_STATE = Path("/var/lib")
TAIL_LINES = 20
TAIL_BYTES = 64 * 1024


def find(name: str, *, system: bool) -> list[Path]:
    """Return its existing logs, config file and port file; also the host file, which names the origin of a page's
    storage, unless there is such storage: that is the user's.
    """
    return [place.path / file for place, file in _files(name, system=system) if place.has_file(file)]


def remove(files: Iterable[Path], name: str, *, system: bool) -> None:
    """Remove these files, and wesktop's directories for them if they are empty then."""
    removed = set(files)
    for place, file in _files(name, system=system):
        if place.path / file in removed:
            with contextlib.suppress(OSError):
                place.unlink(file)
    for place in _directories(name, system=system):
        with contextlib.suppress(OSError):
            place.rmdir()


def log_tail(name: str, *, system: bool, since: float) -> str:
    """Return the last lines of the app's output since then (time.time()); empty if it has no log file."""
    from wesktopd.logs.logfile import parse

    for place, file in _files(name, system=system)[:1]:
        with contextlib.suppress(OSError):
            lines = place.read_end(file, TAIL_BYTES).splitlines()[-TAIL_LINES:]
            return "\n".join(line.text for line in map(parse, lines) if line is not None and line.time >= since)
    return ""


def _files(name: str, *, system: bool) -> list[tuple[UntrustedDirectory, str]]:
    """Return the places of all such files, the log first."""
    from wesktopd.logs.logfile import KEPT

    if not (directories := _directories(name, system=system)):
        return []
    log, config, state = directories[:3]
    logs = [f"{name}.log", *(f"{name}.log.{number}" for number in range(1, KEPT + 1))]
    kept = [(config, f"{name}.toml"), (state, f"{name}.port")]
    if system or not paths.storage_dir(name).exists():
        kept.append((state, f"{name}.host"))
    return [*((log, file) for file in logs), *kept]


def _directories(name: str, *, system: bool) -> list[UntrustedDirectory]:
    """Return the directories of log, config file and state, and those to remove with them; inner ones first."""
    if system:  # as wesktop.services.units has it
        own = (service_id(name), paths.APP)
        return [UntrustedDirectory(SYSTEM_STATE, names) for names in ((*own, "log"), own, own, own[:1])]
    try:
        files = (paths.log_file(name), paths.config_file(name), paths.port_file(name))
    except ConfigurationError:  # no home, no files
        return []
    return [UntrustedDirectory(file.parent.parent, (file.parent.name,)) for file in files]
