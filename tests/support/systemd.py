"""A real `systemd --user`, also on a machine that was not booted with systemd, and an app that it runs.

The manager has a PID namespace of its own, so that whatever it started ends with it, a mount namespace with an empty
/run, and a control group: those that shared one would end each other's services.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from support.control_group import ControlGroup
from support.running import Running
from support.scripts import alive, free_port, isolated_env
from support.waiting import wait_for
from wesktop.services.service import Service as Described
from wesktop.services.units import render

MANAGER = Path("/lib/systemd/systemd")
# Ends with its stdin, so with the test process, however that ends.
BOOT = f"""
for group; do echo 0 >"$group/cgroup.procs" || exit 1; done
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system || exit 1
{MANAGER} --user 2>"$HOME/manager.log" &
read -r _
systemctl --user --no-block exit
wait $!
"""


class Manager:
    """A running user manager. As a context manager it ends, with everything that it started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        scripts = Path(sys.executable).parent
        self.env = isolated_env(home)
        self.env["PATH"] = f"{scripts}:{self.env['PATH']}"
        self.units = home / "config" / "systemd" / "user"
        self.units.mkdir(parents=True)
        # No session bus, as at all other windows of the tests: GTK and WebKit would have it start accessibility, and
        # wait 25 s each where that does not come up.
        masks = home / "run" / "systemd" / "user"
        masks.mkdir(parents=True)
        (masks / "dbus.socket").symlink_to(os.devnull)
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        isolated = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--kill-child"]
        self._group = ControlGroup(home.name)
        with (home / "boot.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["unshare", *as_root, *isolated, "bash", "-c", BOOT, "boot", *map(str, self._group.directories)],
                env=self.env, stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip

    def __enter__(self) -> "Manager":
        try:
            ready = self.home / "run" / "systemd" / "private"
            wait_for(lambda: _listens(ready) or self._process.poll() is not None, "the user manager")
            assert self._process.poll() is None, self.log()
            (self._first,) = psutil.Process(self._process.pid).children()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._group.remove()

    def log(self) -> str:
        """What it has said."""
        return "".join(path.read_text() for path in self.home.glob("*.log"))

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command beside it."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", f"--target={self._first.pid}", *user, "--mount", "--pid", f"--wd={self.home}", *command]

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command beside it."""
        return subprocess.run(
            self.inside(*command), env=self.env, capture_output=True, text=True, timeout=50, check=False
        )

    def systemctl(self, *arguments: str) -> str:
        """The output of a systemctl that succeeds."""
        done = self.run("systemctl", "--user", *arguments)
        assert done.returncode == 0, f"{done.stderr}\n{self.log()}"
        return done.stdout


def socket_activate(address: str, env: dict[str, str]) -> list[str]:
    """Return what is put before a command for systemd-socket-activate to start it, in the user's directories of env.

    By itself that passes on neither, and what it starts would use the real user's.
    """
    passed = [f"--setenv={name}" for name in env if name.startswith("XDG_")]
    return ["systemd-socket-activate", "-l", address, *passed]


def _listens(path: Path) -> bool:
    """Whether somebody accepts connections there: a socket is in its place a moment before that."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        return True
    return False


class Service(Running):
    """An app that systemd runs, by the units that `wesktop service install` writes, under names of their own."""

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager.home, free_port())
        self.manager = manager
        self.directory = self.home / "myapp"
        self.directory.mkdir()
        (self.directory / ".venv").symlink_to(Path(sys.executable).parents[1])
        self.unit = f"{self.home.name}.service"
        self.socket_unit = f"{self.home.name}.socket"

    def write(self, version: str, more: str = "") -> None:
        super().write(version, more)
        (self.home / "app.py").replace(self.directory / "app.py")

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.manager.run("wesktop", *arguments)

    def install(self, index: int, *overrides: str, version: str = "one", more: str = "") -> None:
        """Write the units: 0 for the one that has systemd keep the socket, 1 for socket activation.

        overrides: further lines of the service's [Service] section, which take the place of those of the same name.
        """
        self.write(version, more)
        for name, text in render(self.described(on_demand=bool(index))).items():
            text = text.replace("=wesktop-app.socket", f"={self.socket_unit}")
            kind = Path(name).suffix
            if kind == ".service":
                for line in overrides:
                    text = re.sub(rf"^{line.partition('=')[0]}=.*\n", "", text, flags=re.MULTILINE)
                text = text.replace("[Service]\n", "\n".join(["[Service]", *overrides, ""]))
            (self.manager.units / f"{self.home.name}{kind}").write_text(text)
        self.manager.systemctl("daemon-reload")

    def described(self, **options: Any) -> Described:
        """It as a service."""
        program = f"{self.directory}/.venv/bin/wesktop"
        return Described(
            name="app",
            command=(program, "serve", "app:app", "--name=app", f"--port={self.port}"),
            reload_command=(program, "ctl", "restart", "app"),
            directory=str(self.directory),
            port=self.port,
            **options,
        )

    def show(self, name: str) -> str:
        """A property of the service."""
        return self.manager.systemctl("show", self.unit, "--value", "--property", name).strip()

    def main_pid(self) -> int:
        """The supervisor's PID, as systemd sees it; 0 while there is none."""
        return int(self.show("MainPID"))

    def signal(self, name: str) -> None:
        """Send the supervisor a signal."""
        pid = self.main_pid()
        assert pid
        done = self.manager.run("kill", "-s", name, str(pid))
        assert done.returncode == 0, done.stderr

    def started_again(self, times: int = 1) -> None:
        """Wait until systemd has restarted it so often, and it answers."""
        try:
            wait_for(
                lambda: self.show("NRestarts") == str(times) and self.show("ActiveState") == "active",
                f"restart {times}",
                40,
            )
        except AssertionError as error:
            state = self.manager.systemctl("status", "--lines=0", self.unit)
            raise AssertionError(f"{error}: {state}\n{self.manager.log()}") from None

    def processes(self) -> list[psutil.Process]:
        """All living processes of the app: not the manager's own."""
        found = []
        for process in super().processes():
            with contextlib.suppress(psutil.Error):
                if self.unit in Path(f"/proc/{process.pid}/cgroup").read_text():
                    found.append(process)
        return [process for process in found if alive(process)]


def available() -> bool:
    """Whether this machine has what it takes."""
    return MANAGER.exists() and shutil.which("nsenter") is not None


@contextlib.contextmanager
def service(home: Path) -> Iterator[Service]:
    """An app for a user manager of its own, which ends with it."""
    with Manager(home) as manager:
        yield Service(manager)
