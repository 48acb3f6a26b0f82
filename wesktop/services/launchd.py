"""Services under launchd, agents of the user or daemons of the machine: launchctl(1).

Written from Apple's documentation, and not run on a Mac. The files it writes are tested on Linux.
"""

import contextlib
import os
import re
import time
from pathlib import Path

from wesktop.services import leftover_files
from wesktop.services.manager import (
    Status,
    check_directory,
    check_rights,
    did_not_start,
    first_line,
    installed_files,
    installed_names,
    no_such_service,
    refuse_taken,
    run,
)
from wesktop.services.places import label, user_agents
from wesktop.services.property_list import render
from wesktop.services.service import START_MARGIN, Service
from wesktopd.errors import ServiceError, WesktopError
from wesktopd.limits import START_TIMEOUT
from wesktopd.system.atomic_files import atomic_write

LOOK_EVERY = 0.3  # seconds
PATIENCE = 3  # consecutive looks at a job that is not running, since launchd may be about to start it again
MAX_RUNS = 3  # starts after which another one is not waited for
ENDS_WITHIN = 5.0  # seconds for the process of a stopped app to end
BOOTOUT_WITHIN = 20.0  # seconds for a job to disappear: `bootout` does not wait for a slow one


class Launchd:
    """See wesktop.services.manager.Manager."""

    def __init__(self, *, system: bool) -> None:
        self._system = system
        self._directory = Path("/Library/LaunchDaemons") if system else user_agents()
        self._logs = self._directory.with_name("Logs")
        self._domain = "system" if system else f"gui/{os.getuid()}"

    def render(self, service: Service) -> dict[str, bytes]:
        """Return the property list by its path."""
        return {str(self._path(service.name)): render(service, str(self._log(service.name)))}

    def install(self, service: Service, *, replace: bool = False, start: bool = True) -> None:
        """Write, enable and start it; if that fails, restore the previous state."""
        (data,) = self.render(service).values()
        check_rights(system=self._system)
        before = self._files(service.name)
        refuse_taken(service, installed=bool(before), replace=replace)
        known = leftover_files.find(service.name, system=False)
        try:
            if before:
                self._end(service.name)
            self._write(service.name, data)
            self._launchctl("enable", self._target(service.name))
            if start:
                since = time.time()
                self._launchctl("bootstrap", self._domain, str(self._path(service.name)))
                # The control sockets of the machine's apps are visible only to their users.
                if not (service.on_demand or service.system or self._answers(service.name, service.start_limit)):
                    raise did_not_start(service.name, *self._last_error(service.name, since), replaced=bool(before))
        except BaseException:
            self._roll_back(service.name, before, known)
            raise

    def uninstall(self, name: str) -> None:
        """Stop it, and remove its property list and leftover files."""
        check_rights(system=self._system)
        if not self._files(name):
            raise no_such_service(name, system=self._system)
        self._end(name)
        self._remove(name, leftover_files.find(name, system=False))

    def start(self, name: str) -> bool:
        """Start its job, on demand or not; return False if it has none."""
        if name not in self.names():
            return False
        since = time.time()
        if not self._facts(name):
            self._launchctl("bootstrap", self._domain, str(self._path(name)))
        if not self._runs(name):
            self._launchctl("kickstart", self._target(name))
        if not self._answers(name, START_TIMEOUT + START_MARGIN):
            reason, log = self._last_error(name, since)
            raise ServiceError(f"{name!r} did not start: {reason}", log)
        return True

    def status(self, name: str) -> Status | None:
        """Return its status, from `launchctl print`."""
        files = self._files(name)
        if not files:
            return None
        facts = self._facts(name)
        listens = b"<key>Sockets</key>" in files[self._path(name)]
        state = "active" if facts.get("state") == "running" else "listening" if listens and facts else "inactive"
        return Status(
            name=name,
            service=label(name),
            manager="launchd",
            system=self._system,
            state=state,
            enabled=bool(facts),
            pid=int(facts.get("pid", 0)) or None,
            restarts=max(0, int(facts["runs"]) - 1) if "runs" in facts else None,
            note=f"last exit code {facts['last exit code']}" if "last exit code" in facts else "",
            files=[str(self._path(name))],
        )

    def names(self) -> list[str]:
        """Return the apps that have a property list of ours."""
        check_directory(self._directory)
        return installed_names(self._directory.glob(f"{label('*')}.plist"), label(""))

    def _path(self, name: str) -> Path:
        return self._directory / f"{label(name)}.plist"

    def _log(self, name: str) -> Path:
        return self._logs / f"{label(name)}.log"

    def _target(self, name: str) -> str:
        return f"{self._domain}/{label(name)}"

    def _files(self, name: str) -> dict[Path, bytes]:
        check_directory(self._directory)
        return installed_files([self._path(name)])

    def _write(self, name: str, data: bytes) -> None:
        try:
            check_directory(self._directory, make=True)
            check_directory(self._logs, make=True)
            atomic_write(self._path(name), data, durable=True)  # its variables may contain secrets
        except OSError as error:
            raise ServiceError(f"{self._directory} cannot be written to: {error.strerror}.") from None

    def _answers(self, name: str, limit: float) -> bool:
        """Return whether the control socket reports "ready" in time; launchd has no such state."""
        from wesktopd import client

        deadline = time.monotonic() + limit
        looks = [True]  # whether it ran
        while time.monotonic() < deadline and any(looks[-PATIENCE:]):
            with contextlib.suppress(WesktopError):
                client.wait_ready(name, LOOK_EVERY)
                return True
            facts = self._facts(name)
            looks.append(facts.get("state") == "running" and int(facts.get("runs", 0)) <= MAX_RUNS)
        return False

    def _last_error(self, name: str, since: float) -> tuple[str, str]:
        """Return the server's last error message, and the end of the app's log."""
        output = ""
        with contextlib.suppress(OSError):
            output = self._log(name).read_text(errors="replace")
        reasons = re.findall(r"^wesktop: (.*)$", output, re.MULTILINE)
        reason = reasons[-1] if reasons else "it gives no reason."
        return reason, leftover_files.log_tail(name, system=False, since=since)

    def _runs(self, name: str) -> bool:
        """Return whether its job is running. launchd notices with a delay that `wesktop ctl stop` has ended it."""
        from wesktopd import client

        deadline = time.monotonic() + ENDS_WITHIN
        while self._facts(name).get("state") == "running":
            if not client.is_free(name) or time.monotonic() > deadline:
                return True
            time.sleep(0.05)
        return False

    def _facts(self, name: str) -> dict[str, str]:
        done = run(["launchctl", "print", self._target(name)])
        return parse_print(done.stdout if done.returncode == 0 else "")

    def _end(self, name: str) -> None:
        run(["launchctl", "bootout", self._target(name)])
        deadline = time.monotonic() + BOOTOUT_WITHIN
        while run(["launchctl", "print", self._target(name)]).returncode == 0:
            if time.monotonic() > deadline:
                raise ServiceError(f"{name!r} did not end within {BOOTOUT_WITHIN:g} seconds.")
            time.sleep(0.1)

    def _roll_back(self, name: str, before: dict[Path, bytes], known: list[Path]) -> None:
        with contextlib.suppress(ServiceError):
            self._end(name)
        self._remove(name, [path for path in leftover_files.find(name, system=False) if path not in known])
        for data in before.values():
            with contextlib.suppress(ServiceError):
                self._write(name, data)
                self._launchctl("bootstrap", self._domain, str(self._path(name)))

    def _remove(self, name: str, files: list[Path]) -> None:
        for path in (self._path(name), self._log(name)):
            path.unlink(missing_ok=True)
        if not self._system:  # those of the machine's apps are in their users' homes
            leftover_files.remove(files, name, system=False)

    def _launchctl(self, *arguments: str) -> None:
        done = run(["launchctl", *arguments])
        if done.returncode:
            raise ServiceError(f"launchctl {arguments[0]} failed: {first_line(done)}.")


def parse_print(text: str) -> dict[str, str]:
    """Return the facts at the top of the output of `launchctl print` for a job: a tab, and "name = value"."""
    return {name.strip(): value.strip() for name, value in re.findall(r"^\t([\w ]+) = (.*)$", text, re.MULTILINE)}
