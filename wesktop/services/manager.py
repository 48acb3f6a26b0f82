"""The contract of a service manager, and the steps that systemd and launchd share."""

import contextlib
import dataclasses
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from wesktop.services.service import Service
from wesktopd.errors import AlreadyRunningError, ServiceError, ServicePermissionError
from wesktopd.spec import is_name
from wesktopd.system import NotPrivateError, is_root, resolve

MARK = b"Written by `wesktop service install`"


@dataclasses.dataclass(frozen=True)
class Status:
    """The status of a service.

    state: "active" (it answers), "listening" (the first connection starts it), or the manager's own word.
    enabled: whether it starts with the session or the machine. pid: of the supervisor, if there is one.
    restarts: how often the manager has restarted it. note: its last status text. files: those installed.
    """

    name: str
    service: str
    manager: str
    system: bool
    state: str
    enabled: bool
    pid: int | None
    restarts: int | None
    note: str
    files: list[str]

    @property
    def is_up(self) -> bool:
        """True if connections are answered."""
        return self.state in ("active", "reloading", "listening")


class Manager(Protocol):
    """Installs and controls services. Raises ServiceError if the system refuses."""

    def render(self, service: Service) -> dict[str, bytes]:
        """Return the files that `install` would write, by path. Raises ConfigurationError."""

    def install(self, service: Service, *, replace: bool = False, start: bool = True) -> None:
        """Write, enable and start it, or change nothing."""

    def uninstall(self, name: str) -> None:
        """Stop it, and remove everything that `install` made."""

    def start(self, name: str) -> bool:
        """Start it, and wait until it answers; return False if it does not exist."""

    def status(self, name: str) -> Status | None:
        """Return its status, or None if it does not exist."""

    def names(self) -> list[str]:
        """Return the apps that have a service."""


def check_rights(*, system: bool) -> None:
    """Raise ServicePermissionError if the machine's services are to be changed by another user than root."""
    if system and not is_root():
        raise ServicePermissionError("--system requires root: use sudo, or omit --system for a service of yours.")


def check_directory(path: Path, *, make: bool = False) -> None:
    """Raise ServiceError if a directory of units, or one on the way to it, belongs to another user.

    make: whether to make missing directories, private to this user. Raises OSError if that fails.
    """
    try:
        resolve(str(path), make=make)
    except NotPrivateError as error:
        raise ServiceError(f"services cannot be kept there: {error}. With sudo, give -H, or --system.") from None
    except OSError:
        if make:
            raise


def check_variables_file(service: Service) -> None:
    """Raise ServiceError if the manager would read a file of variables as root that another user can replace."""
    if service.system and service.environment_file is not None:
        try:
            resolve(service.environment_file)
        except NotPrivateError as error:
            raise ServiceError(
                f"env file {service.environment_file!r} is read as root at each start, and {error}. "
                "Keep it in a directory of root's, such as /etc."
            ) from None
        except OSError as error:
            raise ServiceError(f"env file {service.environment_file!r} cannot be read: {error.strerror}.") from None


def refuse_taken(service: Service, *, installed: bool, replace: bool) -> None:
    """Raise ServiceError if the service exists, unless `replace`; AlreadyRunningError if its app is running."""
    if not installed:
        refuse_running(service)
    elif not replace:
        raise ServiceError(f"{service.name!r} is already a service: give --replace, or uninstall it first.")


def refuse_running(service: Service) -> None:
    """Raise AlreadyRunningError if the app is running without the service, which then could not start."""
    from wesktopd import client

    if not service.system and not client.is_free(service.name):  # the machine's have locks of their own
        raise AlreadyRunningError(
            f"{service.name!r} is already running, but not as a service: `wesktop ctl stop {service.name}` ends it."
        )


def run(command: list[str], env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run one of the manager's programs. Raises ServiceError if it is missing."""
    try:
        return subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise ServiceError(
            f"{command[0]} cannot be run ({error.strerror}): services need systemd, or launchd on a Mac."
        ) from None


def first_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the first line of a failed program's error output."""
    lines = done.stderr.strip().splitlines()
    return lines[0].rstrip(".") if lines else f"exit code {done.returncode}"


def no_such_service(name: str, *, system: bool) -> ServiceError:
    """Return the error for a name without a service."""
    whose = "the machine" if system else "this user"
    return ServiceError(
        f"{name!r} is not a service of {whose}: `wesktop service status{' --system' * system}` lists them."
    )


def did_not_start(name: str, reason: str, log_tail: str, *, replaced: bool) -> ServiceError:
    """Return the error for a service whose installation was rolled back."""
    now = "is as it was before" if replaced else "is not installed"
    return ServiceError(f"{name!r} did not start, and {now}: {reason.rstrip('.')}.", log_tail)


def installed_names(files: Iterable[Path], prefix: str) -> list[str]:
    """Return the apps whose services' files these are, if `install` wrote them. Includes unreadable ones, for which
    an error must not go unnoticed: `installed_files` raises an error for them.
    """
    found = []
    for path in sorted(files):
        name = path.stem.removeprefix(prefix)
        with contextlib.suppress(FileNotFoundError):
            if is_name(name) and _may_be_ours(path):
                found.append(name)
    return found


def _may_be_ours(path: Path) -> bool:
    try:
        return MARK in path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError:
        return True


def installed_files(files: list[Path]) -> dict[Path, bytes]:
    """Return the existing ones of these files. Raises ServiceError for one that `install` did not write."""
    found = {}
    for path in files:
        try:
            found[path] = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ServiceError(
                f"{path} cannot be read ({error.strerror}): make it readable for this user, or remove it."
            ) from None
        if MARK not in found[path]:
            raise ServiceError(
                f"{path} was not written by `wesktop service install`: remove it, or choose another name."
            )
    return found
