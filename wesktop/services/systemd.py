"""Services under systemd, the user's manager or the machine's: systemctl(1)."""

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
    is_none,
    refuse_taken,
    run,
)
from wesktop.services.places import SYSTEM_UNITS, service_id, user_units
from wesktop.services.service import Service
from wesktop.services.units import VARIABLES, render
from wesktopd.errors import BindError, ServiceError
from wesktopd.system import FILE_MODE
from wesktopd.system.atomic_files import atomic_write

KINDS = ("socket", "service")  # in the order in which they are stopped: else a connection would start it again
OPEN_MODE = 0o644  # of the machine's units: systemd warns of stricter ones, as every user can ask it what is in them
TELLS_WITHIN = 2.0  # seconds that a service which does not start may take to say why, while it is tried again
UP = ("active", "activating", "reloading")
PROPERTIES = "ActiveState,UnitFileState,MainPID,NRestarts,StatusText"


class Systemd:
    """A manager, as wesktop.services.manager has it."""

    def __init__(self, *, system: bool) -> None:
        self._system = system
        self._directory = SYSTEM_UNITS if system else user_units()

    def render(self, service: Service) -> dict[str, bytes]:
        """The units' texts by their paths."""
        return {str(self._directory / name): text.encode() for name, text in render(service).items()}

    def install(self, service: Service, *, replace: bool = False, start: bool = True) -> None:
        """Write, enable and start it; what was there before is put back when that fails."""
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
            if before:  # a link that the new unit does not ask for would stay
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
        """End it and remove its units, their links, and what its server has kept for its next start."""
        check_rights(system=self._system)
        files = self._files(name)
        if not files:
            raise is_none(name, system=self._system)
        self._check_manager()
        self._remove([*files])
        self._systemctl("daemon-reload")
        leftover_files.remove(leftover_files.find(name, system=self._system), name, system=self._system)

    def start(self, name: str) -> bool:
        """Start its service, on demand or not; False where it has none."""
        if name not in self.names():
            return False
        unit = f"{service_id(name)}.service"
        since = time.time()
        self._run("reset-failed", unit)  # somebody asks for it: that is no try too many
        done = self._run("start", unit)
        if done.returncode:
            reason = self._last_words(unit) or first_line(done)
            log = leftover_files.log_tail(name, system=self._system, since=since)
            raise ServiceError(f"{name!r} did not start: {reason.rstrip('.')}.", log)
        return True

    def status(self, name: str) -> Status | None:
        """How it is, by its units' properties."""
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
        """Those whose units are there, and ours."""
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

    # Steps, each of which can fail.

    def _check_manager(self) -> None:
        done = self._run("show", "--property=Version")
        if done.returncode:
            what = f"the {self._whose} systemd cannot be reached ({first_line(done)})"
            cure = (
                "is this machine run by it?"
                if self._system
                else "log in to a session of this user's (`su` makes none), or give --system as root."
            )
            raise ServiceError(f"{what}: {cure}")

    def _verify(self, units: dict[str, bytes]) -> None:
        """Have systemd read the units before it gets them. Not where it has no program for that."""
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
        # It looks at what the units depend on too, whose faults are none of ours; an option that this release does
        # not know is left out by it, as is meant (systemd.unit(5)).
        said = [line for line in done.stderr.splitlines() if any(name in line for name in ours)]
        wrong = [line for line in said if "Unknown key" not in line and "Unknown lvalue" not in line]
        if wrong:
            raise ServiceError(f"systemd does not take the unit: {wrong[0].replace(scratch + '/', '')}.")

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
        if service.on_demand and again:  # a socket cannot be changed under a service that has it
            self._run("stop", f"{service.id}.service")
        done = self._run("restart" if again else "start", *units)
        if done.returncode:
            if service.on_demand:
                told, log = _port_trouble(service), ""
            else:
                told = self._last_words(f"{service.id}.service")
                log = leftover_files.log_tail(service.name, system=self._system, since=since)
            raise did_not_start(service.name, told or first_line(done), log, replaced=again)

    def _last_words(self, unit: str) -> str:
        """What the app's server has said at its end; it is tried again meanwhile, and says nothing until it ends."""
        deadline = time.monotonic() + TELLS_WITHIN
        while time.monotonic() < deadline:
            told = self._show(unit).get("StatusText", "")
            if told and not told.startswith("Starting "):
                return told
            time.sleep(0.02)
        return ""

    def _roll_back(self, name: str, before: dict[Path, bytes], known: list[Path], *, was_up: bool) -> None:
        """Nothing is left of what was tried; best effort, since something has gone wrong already."""
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
            self._run("stop", name)  # one that is not enabled is not stopped by that
        for path in files:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        if names:  # without, it would be all of them
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
        """A user's manager is found by XDG_RUNTIME_DIR, which a shell by su or cron does not have."""
        default = f"/run/user/{os.getuid()}"
        runtime = {} if "XDG_RUNTIME_DIR" in os.environ or self._system else {"XDG_RUNTIME_DIR": default}
        return {**os.environ, "LC_ALL": "C.UTF-8", **runtime}


def _units(files: Iterable[Path]) -> list[str]:
    """Those that are units, in the order of KINDS."""
    found = [path for path in files if path.suffix[1:] in KINDS]
    return [path.name for path in sorted(found, key=lambda path: KINDS.index(path.suffix[1:]))]


def _listens(files: Iterable[Path]) -> str:
    """The unit that is enabled, and started first."""
    return _units(files)[0]


def _state(service: dict[str, str], socket: dict[str, str] | None) -> str:
    state = service.get("ActiveState", "unknown")
    if state == "inactive" and socket is not None and socket.get("ActiveState") == "active":
        return "listening"
    if socket is not None and socket.get("ActiveState") == "failed":
        return "failed"
    return state


def _port_trouble(service: Service) -> str:
    """What systemd does not say of a socket that it cannot bind."""
    from wesktopd.instance.listener import listen

    try:
        listen(service.host, service.port, service.name, None).close()
    except BindError as error:
        return error.message
    return ""
