"""Services under launchd, an agent of the user's or a daemon of the machine's: launchctl(1).

Built from Apple's documentation; it has not been run on a Mac. What it writes is tested on Linux.
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
    is_none,
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
PATIENCE = 3  # looks in a row at a job that is not running, which launchd may be about to start again
MAX_RUNS = 3  # starts after which it is taken that no other will do better
ENDS_WITHIN = 5.0  # seconds that a process has whose app has been stopped
BOOTOUT_WITHIN = 20.0  # seconds that a job has to be gone in: `bootout` does not wait for a job that is slow to end


class Launchd:
    """A manager, as wesktop.services.manager has it."""

    def __init__(self, *, system: bool) -> None:
        self._system = system
        self._directory = Path("/Library/LaunchDaemons") if system else user_agents()
        self._logs = self._directory.with_name("Logs")
        self._domain = "system" if system else f"gui/{os.getuid()}"

    def render(self, service: Service) -> dict[str, bytes]:
        """The property list's bytes by its path."""
        return {str(self._path(service.name)): render(service, str(self._log(service.name)))}

    def install(self, service: Service, *, replace: bool = False, start: bool = True) -> None:
        """Write, enable and start it; what was there before is put back when that fails."""
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
                # The machine's apps have their control sockets where only their users see them.
                if not (service.on_demand or service.system or self._answers(service.name, service.start_limit)):
                    raise did_not_start(service.name, *self._last_words(service.name, since), replaced=bool(before))
        except BaseException:
            self._roll_back(service.name, before, known)
            raise

    def uninstall(self, name: str) -> None:
        """End it and remove its property list, and what its server has kept for its next start."""
        check_rights(system=self._system)
        if not self._files(name):
            raise is_none(name, system=self._system)
        self._end(name)
        self._remove(name, leftover_files.find(name, system=False))

    def start(self, name: str) -> bool:
        """Start its job, on demand or not; False where it has none."""
        if name not in self.names():
            return False
        since = time.time()
        if not self._facts(name):
            self._launchctl("bootstrap", self._domain, str(self._path(name)))
        if not self._runs(name):
            self._launchctl("kickstart", self._target(name))
        if not self._answers(name, START_TIMEOUT + START_MARGIN):
            reason, log = self._last_words(name, since)
            raise ServiceError(f"{name!r} did not start: {reason}", log)
        return True

    def status(self, name: str) -> Status | None:
        """How it is, by `launchctl print`."""
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
        """Those whose property lists are there, and ours."""
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
            atomic_write(self._path(name), data, durable=True)  # there may be secrets among its variables
        except OSError as error:
            raise ServiceError(f"{self._directory} cannot be written to: {error.strerror}.") from None

    def _answers(self, name: str, limit: float) -> bool:
        """Whether it does within so many seconds. launchd has no word for "ready": the app's control socket has."""
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

    def _last_words(self, name: str, since: float) -> tuple[str, str]:
        """What the app's server has said at its end, and the end of what the app has."""
        said = ""
        with contextlib.suppress(OSError):
            said = self._log(name).read_text(errors="replace")
        reasons = re.findall(r"^wesktop: (.*)$", said, re.MULTILINE)
        reason = reasons[-1] if reasons else "it gives no reason."
        return reason, leftover_files.log_tail(name, system=False, since=since)

    def _runs(self, name: str) -> bool:
        """Whether its job runs. One that `wesktop ctl stop` has ended takes a moment until launchd knows, too."""
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
        if not self._system:  # what is kept of the machine's apps is in their users' homes
            leftover_files.remove(files, name, system=False)

    def _launchctl(self, *arguments: str) -> None:
        done = run(["launchctl", *arguments])
        if done.returncode:
            raise ServiceError(f"launchctl {arguments[0]} failed: {first_line(done)}.")


def parse_print(text: str) -> dict[str, str]:
    """The facts at the top of what `launchctl print` says of a job: a tab, and "name = value"."""
    return {name.strip(): value.strip() for name, value in re.findall(r"^\t([\w ]+) = (.*)$", text, re.MULTILINE)}
