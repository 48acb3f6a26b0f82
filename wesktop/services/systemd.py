"""Services under systemd, of the user's manager or the machine's: systemctl(1)."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from wesktop.services import leftover_files
from wesktop.services.manager import (
    Status,
    check_directory,
    check_rights,
    check_variables_file,
    did_not_start,
    first_line,
    installed_files,
    installed_names,
    no_such_service,
    refuse_taken,
    run,
)
from wesktop.services.places import SYSTEM_UNITS, service_id, user_units
from wesktop.services.service import Service
from wesktop.services.units import VARIABLES, render
from wesktopd.errors import BindError, ServiceError
from wesktopd.system import FILE_MODE
from wesktopd.system.atomic_files import atomic_write

KINDS = ("socket", "service")  # stopped in this order, or a connection would start it again
OPEN_MODE = 0o644  # of the machine's units: systemd warns of stricter ones, as it shows every user their contents
REASON_WITHIN = 2.0  # seconds to wait for the reason of a failed start, while systemd tries again
UP = ("active", "activating", "reloading")
PROPERTIES = "ActiveState,UnitFileState,MainPID,NRestarts,StatusText"


class Systemd:
    """See wesktop.services.manager.Manager."""

    def __init__(self, *, system: bool) -> None:
        self._system = system
        self._directory = SYSTEM_UNITS if system else user_units()

    def render(self, service: Service) -> dict[str, bytes]:
        """Return the units by their paths."""
        return {str(self._directory / name): text.encode() for name, text in render(service).items()}

    def install(self, service: Service, *, replace: bool = False, start: bool = True) -> None:
        """Write, enable and start it; if that fails, restore the previous state."""
        units = self.render(service)
        check_rights(system=self._system)
        check_variables_file(service)
        before = self._files(service.name)
        refuse_taken(service, installed=bool(before), replace=replace)
        self._check_manager()
        self._verify(units)
        known = leftover_files.find(service.name, system=self._system)
        was_up = bool(_units(before)) and self._show(_listens(before)).get("ActiveState") in UP
        try:
            if before:  # removes links that the new unit does not ask for
                self._run("disable", *_units(before))
            self._write(units)
            for path in before.keys() - {Path(path) for path in units}:
                self._remove([path])
            self._systemctl("daemon-reload")
            self._systemctl("enable", *self._wanted(service))
            if start:
                self._start(service, again=bool(before))
        except BaseException:
            self._roll_back(service.name, before, known, was_up=was_up)
            raise

    def uninstall(self, name: str) -> None:
        """Stop it, and remove its units, their links and leftover files."""
        check_rights(system=self._system)
        files = self._files(name)
        if not files:
            raise no_such_service(name, system=self._system)
        self._check_manager()
        self._remove([*files])
        self._systemctl("daemon-reload")
        leftover_files.remove(leftover_files.find(name, system=self._system), name, system=self._system)

    def start(self, name: str) -> bool:
        """Start its service, on demand or not; return False if it has none."""
        if name not in self.names():
            return False
        unit = f"{service_id(name)}.service"
        since = time.time()
        self._run("reset-failed", unit)  # an explicit start does not count for StartLimitBurst=
        done = self._run("start", unit)
        if done.returncode:
            reason = self._last_error(unit) or first_line(done)
            log = leftover_files.log_tail(name, system=self._system, since=since)
            raise ServiceError(f"{name!r} did not start: {reason.rstrip('.')}.", log)
        return True

    def status(self, name: str) -> Status | None:
        """Return its status, from its units' properties."""
        files = self._files(name)
        if not files:
            return None
        service, socket = self._show(f"{service_id(name)}.service"), None
        if any(path.suffix == ".socket" for path in files):
            socket = self._show(f"{service_id(name)}.socket")
        return Status(
            name=name,
            service=service_id(name),
            manager="systemd",
            system=self._system,
            state=_state(service, socket),
            enabled=(socket or service).get("UnitFileState") == "enabled",
            pid=int(service.get("MainPID") or 0) or None,
            restarts=int(service.get("NRestarts") or 0),
            note=service.get("StatusText", ""),
            files=[str(path) for path in files],
        )

    def names(self) -> list[str]:
        """Return the apps that have units of ours."""
        check_directory(self._directory)
        prefix = service_id("x")[:-1]
        return installed_names(self._directory.glob(f"{prefix}*.service"), prefix)

    @property
    def _whose(self) -> str:
        return "machine's" if self._system else "user's"

    def _files(self, name: str) -> dict[Path, bytes]:
        check_directory(self._directory)
        return installed_files([self._directory / f"{service_id(name)}.{kind}" for kind in (*KINDS, VARIABLES)])

    def _wanted(self, service: Service) -> list[str]:
        return [f"{service.id}.{'socket' if service.on_demand else 'service'}"]

    # Steps that can fail.

    def _check_manager(self) -> None:
        done = self._run("show", "--property=Version")
        if done.returncode:
            what = f"the {self._whose} systemd cannot be reached ({first_line(done)})"
            cure = (
                "is it this machine's init system?"
                if self._system
                else "log in to a session of this user (`su` does not start one), or give --system as root."
            )
            raise ServiceError(f"{what}: {cure}")

    def _verify(self, units: dict[str, bytes]) -> None:
        """Verify the units before installing them, if systemd-analyze is available."""
        ours = _units(map(Path, units))
        with tempfile.TemporaryDirectory(prefix="wesktop-") as scratch:
            for path, text in units.items():
                with Path(scratch, Path(path).name).open("xb") as file:
                    file.write(text)
            mode = [] if self._system else ["--user"]
            try:
                done = run(
                    ["systemd-analyze", "verify", *mode, "--man=no", *(str(Path(scratch, name)) for name in ours)],
                    self._env(),
                )
            except ServiceError:
                return
        # It also reports errors in units that ours depend on. Options that this release does not know are ignored, as
        # intended (systemd.unit(5)).
        messages = [line for line in done.stderr.splitlines() if any(name in line for name in ours)]
        wrong = [line for line in messages if "Unknown key" not in line and "Unknown lvalue" not in line]
        if wrong:
            raise ServiceError(f"systemd rejects the unit: {wrong[0].replace(scratch + '/', '')}.")

    def _write(self, units: dict[str, bytes]) -> None:
        try:
            check_directory(self._directory, make=True)
            for path, text in units.items():
                atomic_write(Path(path), text, self._mode(Path(path)), durable=True)
        except OSError as error:
            raise ServiceError(f"{self._directory} cannot be written to: {error.strerror}.") from None

    def _mode(self, path: Path) -> int:
        return OPEN_MODE if self._system and path.suffix[1:] in KINDS else FILE_MODE

    def _start(self, service: Service, *, again: bool) -> None:
        units, since = self._wanted(service), time.time()
        if service.on_demand and again:  # a socket cannot be changed while a service uses it
            self._run("stop", f"{service.id}.service")
        done = self._run("restart" if again else "start", *units)
        if done.returncode:
            if service.on_demand:
                reason, log = _bind_error(service), ""
            else:
                reason = self._last_error(f"{service.id}.service")
                log = leftover_files.log_tail(service.name, system=self._system, since=since)
            raise did_not_start(service.name, reason or first_line(done), log, replaced=again)

    def _last_error(self, unit: str) -> str:
        """Return the server's last status text. systemd starts it again: its text is no error until it ends."""
        deadline = time.monotonic() + REASON_WITHIN
        while time.monotonic() < deadline:
            text = self._show(unit).get("StatusText", "")
            if text and not text.startswith("Starting "):
                return text
            time.sleep(0.02)
        return ""

    def _roll_back(self, name: str, before: dict[Path, bytes], known: list[Path], *, was_up: bool) -> None:
        """Restore the previous state, as far as possible, after a failure."""
        self._remove([self._directory / f"{service_id(name)}.{kind}" for kind in (*KINDS, VARIABLES)])
        new = [path for path in leftover_files.find(name, system=self._system) if path not in known]
        leftover_files.remove(new, name, system=self._system)
        with contextlib.suppress(ServiceError):
            self._write({str(path): text for path, text in before.items()})
            self._systemctl("daemon-reload")
            if _units(before):
                self._systemctl("enable", *["--now"] * was_up, _listens(before))

    def _remove(self, files: list[Path]) -> None:
        names = _units(files)
        for name in names:
            self._run("disable", "--now", name)
            self._run("stop", name)  # `disable` does not stop a unit that is not enabled
        for path in files:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        if names:  # without names, it would reset all units
            self._run("reset-failed", *names)

    # systemctl.

    def _show(self, unit: str) -> dict[str, str]:
        lines = self._systemctl("show", f"--property={PROPERTIES}", unit).splitlines()
        return {name: value for name, found, value in (line.partition("=") for line in lines) if found}

    def _systemctl(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode:
            raise ServiceError(f"systemctl {arguments[0]} failed: {first_line(done)}.")
        return done.stdout

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        mode = [] if self._system else ["--user"]
        return run(["systemctl", *mode, "--no-pager", "--no-ask-password", *arguments], self._env())

    def _env(self) -> dict[str, str]:
        """Return the environment, with the XDG_RUNTIME_DIR that systemctl needs and su and cron do not set."""
        default = f"/run/user/{os.getuid()}"
        runtime = {} if "XDG_RUNTIME_DIR" in os.environ or self._system else {"XDG_RUNTIME_DIR": default}
        return {**os.environ, "LC_ALL": "C.UTF-8", **runtime}


def _units(files: Iterable[Path]) -> list[str]:
    """Return the names of the units, in the order of KINDS."""
    found = [path for path in files if path.suffix[1:] in KINDS]
    return [path.name for path in sorted(found, key=lambda path: KINDS.index(path.suffix[1:]))]


def _listens(files: Iterable[Path]) -> str:
    """Return the unit that is enabled, and started first."""
    return _units(files)[0]


def _state(service: dict[str, str], socket: dict[str, str] | None) -> str:
    state = service.get("ActiveState", "unknown")
    if state == "inactive" and socket is not None and socket.get("ActiveState") == "active":
        return "listening"
    if socket is not None and socket.get("ActiveState") == "failed":
        return "failed"
    return state


def _bind_error(service: Service) -> str:
    """Return why a socket cannot be bound, which systemd does not report."""
    from wesktopd.instance.listener import listen

    try:
        listen(service.host, service.port, service.name, None).close()
    except BindError as error:
        return error.message
    return ""
