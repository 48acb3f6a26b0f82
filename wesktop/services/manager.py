"""What a service manager does for `wesktop service`, and what it tells of a service."""

import contextlib
import dataclasses
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from wesktop.services.service import Service
from wesktopd.errors import AlreadyRunningError, ServiceError, ServicePermissionError
from wesktopd.spec import is_name
from wesktopd.system import NotPrivateError, resolve

MARK = b"Written by `wesktop service install`"


@dataclasses.dataclass(frozen=True)
class Status:
    """How a service is.

    state: "active" (it answers), "listening" (the first connection starts it), or what the manager calls it.
    enabled: whether it starts with the session or the machine. pid: of the supervisor; None while there is none.
    restarts: how often the manager has started it anew. note: what it last said of itself. files: what was installed.
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
        """Whether a connection is answered."""
        return self.state in ("active", "reloading", "listening")


class Manager(Protocol):
    """Installs services. Raises ServiceError for what the system refuses."""

    def render(self, service: Service) -> dict[str, bytes]:
        """The files that `install` would write, by their paths. Raises ConfigurationError."""

    def install(self, service: Service, *, replace: bool = False, start: bool = True) -> None:
        """Write, enable and start it: all of that, or nothing is changed."""

    def uninstall(self, name: str) -> None:
        """End it and remove all that `install` made."""

    def start(self, name: str) -> bool:
        """Start it, and wait until it answers; False where there is none."""

    def status(self, name: str) -> Status | None:
        """How it is; None where there is none."""

    def names(self) -> list[str]:
        """The apps that have a service."""


def check_rights(*, system: bool) -> None:
    """The machine's services are root's to change."""
    if system and os.geteuid() != 0:
        raise ServicePermissionError("--system takes root: use sudo, or leave --system out for a service of yours.")


def check_directory(path: Path, *, make: bool = False) -> None:
    """Refuse a directory of units that is another user's, or is reached through one: it may lead anywhere.

    make: directories that are missing, for this user alone. Raises ServiceError; OSError where it cannot be made.
    """
    try:
        resolve(str(path), make=make)
    except NotPrivateError as error:
        raise ServiceError(f"services cannot be kept there: {error}. With sudo, give -H, or --system.") from None
    except OSError:
        if make:
            raise


def check_variables_file(service: Service) -> None:
    """Refuse a file of variables that the manager would read as root, and another user could exchange for a link."""
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
    """Refuse a name that is a service's already, unless that is to be replaced, or an app's that runs otherwise."""
    if not installed:
        refuse_running(service)
    elif not replace:
        raise ServiceError(f"{service.name!r} is a service already: give --replace, or uninstall it first.")


def refuse_running(service: Service) -> None:
    """An app that runs otherwise would keep the service from starting. Raises AlreadyRunningError."""
    from wesktopd import client

    if not service.system and not client.is_free(service.name):  # the machine's have locks of their own
        raise AlreadyRunningError(
            f"{service.name!r} runs already, and not as a service: `wesktop ctl stop {service.name}` ends it."
        )


def run(command: list[str], env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run one of the manager's programs. Raises ServiceError where it is missing."""
    try:
        return subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise ServiceError(
            f"{command[0]} cannot be run ({error.strerror}): services need systemd, or launchd on a Mac."
        ) from None


def first_line(done: "subprocess.CompletedProcess[str]") -> str:
    """What one of them says of its failure."""
    said = done.stderr.strip().splitlines()
    return said[0].rstrip(".") if said else f"exit code {done.returncode}"


def is_none(name: str, *, system: bool) -> ServiceError:
    """The error for a name that is no service's."""
    whose = "the machine's services" if system else "your services"
    return ServiceError(f"{name!r} is none of {whose}: `wesktop service status{' --system' * system}` lists them.")


def did_not_start(name: str, reason: str, log_tail: str, *, replaced: bool) -> ServiceError:
    """The error for one that `install` takes back."""
    now = "is what it was before" if replaced else "is not installed"
    return ServiceError(f"{name!r} did not start, and {now}: {reason.rstrip('.')}.", log_tail)


def installed_names(files: Iterable[Path], prefix: str) -> list[str]:
    """The apps whose services' files these are, as far as `install` made them; and those whose cannot be read, so
    that they are not taken for none: `installed_files` tells of them.
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
    """Those of these files that are there. Raises ServiceError for one that was not made by `install`."""
    found = {}
    for path in files:
        try:
            found[path] = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ServiceError(
                f"{path} cannot be read ({error.strerror}): have it readable for this user, or remove it."
            ) from None
        if MARK not in found[path]:
            raise ServiceError(
                f"{path} was not written by `wesktop service install`: remove it, or take another name."
            )
    return found
