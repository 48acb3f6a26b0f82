"""Apps of other users, as root finds them: a system service runs as a user of its own.

Root trusts nothing in that user's directory. Wherever a path there leads, root connects only to a process of that
user, and opens a lock or a state file only if it belongs to that user, for reading.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wesktopd import client
from wesktopd.control.connection import TIMEOUT
from wesktopd.errors import NotRunningError
from wesktopd.paths import APP, AppPaths, looking_in
from wesktopd.spec import is_name
from wesktopd.system import ROOT, is_root, relying_on, resolve
from wesktopd.wire.control_messages import Report

SERVICES = Path("/run")  # where systemd makes a service's RuntimeDirectory=
SERVICE = "wesktop-"  # before the app's name, in the service's


class Runtime(NamedTuple):
    """A runtime directory, and its owner."""

    path: Path
    user: int


@contextlib.contextmanager
def looking_for(name: str) -> Iterator[None]:
    """Within this block, have root find the app of another user: at XDG_RUNTIME_DIR, or as a service of that name.

    Root's own app of that name has precedence over a service. No effect for other users.
    """
    runtime = find(name)
    if runtime is None:
        yield
        return
    with relying_on(runtime.user), looking_in(runtime.path):
        yield


def find(name: str) -> Runtime | None:
    """Return the runtime directory of another user that has the app's control socket; None for the user's own."""
    if not is_root():
        return None
    own = AppPaths(name).control  # refuses an invalid name
    if (runtime := _given()) is not None and _has(runtime, name):
        return runtime
    runtime = None if own.exists() else _runtime(SERVICES / f"{SERVICE}{name}")
    return runtime if runtime is not None and _has(runtime, name) else None


def names() -> list[str]:
    """Return the apps of other users that root finds: those at XDG_RUNTIME_DIR, and system services."""
    if not is_root():
        return []
    services = [path.name.removeprefix(SERVICE) for path in SERVICES.glob(f"{SERVICE}*")]
    given = _given()
    named = [path.stem for path in given.path.glob("*.sock")] if given is not None else []
    return sorted({name for name in (*services, *named) if is_name(name) and find(name) is not None})


def running() -> list[str]:
    """Return the names of those that run."""
    return [name for name, _ in reports()]


def reports(timeout: float = TIMEOUT) -> Iterator[tuple[str, Report | None]]:
    """Yield the status of each, as `wesktopd.client.reports` does."""
    for name in names():
        with contextlib.suppress(NotRunningError):
            with looking_for(name):
                found = client.report(name, timeout)
            yield name, found


def _given() -> Runtime | None:
    place = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    runtime = _runtime(place) if place.is_absolute() else None
    return runtime if runtime is not None and runtime.user != ROOT else None


def _runtime(place: Path) -> Runtime | None:
    """Return the runtime directory in there, if the whole path to it belongs to its user or root."""
    try:
        user = place.stat().st_uid
        with relying_on(user):
            return Runtime(Path(resolve(str(place / APP))), user)
    except OSError:
        return None


def _has(runtime: Runtime, name: str) -> bool:
    try:
        return (runtime.path / f"{name}.sock").exists()
    except OSError:
        return False
