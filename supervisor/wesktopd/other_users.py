"""Apps of other users, as root finds them: a service of the machine runs as a user of its own.

Root relies on nothing in that user's directory. Wherever a path there leads to, root talks to a process of that user
alone, and opens a lock or a state file only if it is that user's, to look.
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
from wesktopd.system.private_files import ROOT, relying_on, resolve
from wesktopd.wire.control_messages import Report

SERVICES = Path("/run")  # where systemd makes a service's RuntimeDirectory=
SERVICE = "wesktop-"  # before the app's name, in the service's


class Runtime(NamedTuple):
    """A runtime directory, and whose it is."""

    path: Path
    user: int


@contextlib.contextmanager
def looking_for(name: str) -> Iterator[None]:
    """Within this block, root finds the app where another user runs it: where XDG_RUNTIME_DIR says, or a service of
    that name. Its own of that name goes before a service. No effect for others.
    """
    runtime = find(name)
    if runtime is None:
        yield
        return
    with relying_on(runtime.user), looking_in(runtime.path):
        yield


def find(name: str) -> Runtime | None:
    """The runtime directory of another user that has the app's control socket; None to look where one's own are."""
    if not _is_root():
        return None
    own = AppPaths(name).control  # refuses what is no name
    if (runtime := _given()) is not None and _has(runtime, name):
        return runtime
    runtime = None if own.exists() else _runtime(SERVICES / f"{SERVICE}{name}")
    return runtime if runtime is not None and _has(runtime, name) else None


def names() -> list[str]:
    """The apps of other users that root finds: those where XDG_RUNTIME_DIR says, and the machine's services."""
    if not _is_root():
        return []
    services = [path.name.removeprefix(SERVICE) for path in SERVICES.glob(f"{SERVICE}*")]
    given = _given()
    named = [path.stem for path in given.path.glob("*.sock")] if given is not None else []
    return sorted({name for name in (*services, *named) if is_name(name) and find(name) is not None})


def running() -> list[str]:
    """The names of those that run."""
    return [name for name, _ in reports()]


def reports(timeout: float = TIMEOUT) -> Iterator[tuple[str, Report | None]]:
    """How each of them is, as `wesktopd.client.reports` has it."""
    for name in names():
        with contextlib.suppress(NotRunningError):
            with looking_for(name):
                found = client.report(name, timeout)
            yield name, found


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == ROOT


def _given() -> Runtime | None:
    place = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    runtime = _runtime(place) if place.is_absolute() else None
    return runtime if runtime is not None and runtime.user != ROOT else None


def _runtime(place: Path) -> Runtime | None:
    """The one in there, where all on the way to it is its user's or root's."""
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
