"""An app in the background, as `wesktop serve --detach` starts it, and the command that controls it."""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from support.load import request
from support.running_app import source
from support.scripts import answers, end_all, free_port, isolated_env, left_behind, running_from
from support.terminal import Terminal, in_terminal
from support.waiting import wait_for
from wesktop.cli.ctl.reports import as_fields
from wesktopd import client
from wesktopd.errors import NotRunningError
from wesktopd.paths import looking_in

COMMAND = str(Path(sys.executable).with_name("wesktop"))
NAME = "app"


class Running:
    """An app that was started in the background."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.env = isolated_env(home)

    def write(self, version: str, more: str = "") -> None:
        """Change the app's code."""
        (self.home / "app.py").write_text(source(version, more))

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `wesktop` with these arguments."""
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    def begin(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The same, without waiting for its end; its output is not kept."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [COMMAND, *arguments], cwd=self.home, env=self.env, stdin=quiet, stdout=quiet, stderr=quiet
        )

    def begin_restart(self) -> "subprocess.Popen[bytes]":
        """Begin a restart whose worker has started, and is not ready before the file `wait` is gone."""
        (self.home / "starting").unlink()
        (self.home / "wait").touch()
        restart = self.begin("ctl", "restart", NAME)
        wait_for((self.home / "starting").exists, "the new worker's lifespan")
        return restart

    def ctl(self, *arguments: str) -> str:
        """Run a verb of `wesktop ctl` that succeeds; its output."""
        done = self.command("ctl", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Run a line of bash, for which `wesktop` is found."""
        env = {**self.env, "PATH": f"{Path(COMMAND).parent}:{self.env['PATH']}"}
        return subprocess.run(
            ["bash", "-c", script], cwd=self.home, env=env, capture_output=True, text=True, timeout=50, check=False
        )

    def terminal(self, *arguments: str, **env: str) -> contextlib.AbstractContextManager[Terminal]:
        """Run `wesktop` in a terminal."""
        return in_terminal([COMMAND, *arguments], self.home, {**self.env, **env})

    def unread_terminal(self, *arguments: str) -> contextlib.AbstractContextManager[Terminal]:
        """Run `wesktop` in a terminal that nobody reads until its `read` is called."""
        return in_terminal([COMMAND, *arguments], self.home, self.env, read=False)

    def on_terminal(self, *arguments: str, **env: str) -> str:
        """What `wesktop` shows in a terminal by its end."""
        with self.terminal(*arguments, **env) as terminal:
            assert terminal.wait() == 0
        return terminal.seen.decode()

    @contextlib.contextmanager
    def following(self, *arguments: str) -> Iterator[Callable[[], str]]:
        """A verb that goes on; what it is given reads its next line."""
        command = [COMMAND, "ctl", *arguments]
        with subprocess.Popen(command, cwd=self.home, env=self.env, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline
            finally:
                process.kill()

    def asking(self) -> contextlib.AbstractContextManager[None]:
        """Let this process ask the app what `wesktop ctl` would, without the 70 ms of CPU that each process takes."""
        return looking_in(self.home / "run" / "wesktop")

    def status(self) -> dict[str, Any]:
        """Return what `ctl status --json` prints."""
        with self.asking():
            return as_fields(client.status(NAME))

    def workers(self, *states: str) -> list[dict[str, Any]]:
        """The workers that are in one of these states."""
        return [worker for worker in self.status()["workers"] if worker["state"] in states]

    def settled(self, workers: int = 1) -> dict[str, Any]:
        """Wait until just so many workers are there, all ready; the status then."""

        def look() -> dict[str, Any] | None:
            status = self.status()
            states = [worker["state"] for worker in status["workers"]]
            return status if states == ["ready"] * workers else None

        return wait_for(look, f"{workers} ready workers")

    def events(self) -> list[str]:
        """Return the kinds of what has happened, in order."""
        with self.asking():
            return [event.kind for event in client.events(NAME)]

    def logs(self) -> str:
        """Return the text of what the app has printed; from the log file once it has ended."""
        try:
            with self.asking():
                return "\n".join(line.text for line in client.logs(NAME, None))
        except NotRunningError:
            return self.ctl("logs", NAME, "-n", "1000")

    def get(self, path: str = "/") -> dict[str, Any]:
        """A page, which is JSON."""
        found: dict[str, Any] = json.loads(request(self.port, path))
        return found

    def begin_request(self, path: str) -> socket.socket:
        """Ask for a page, and leave its answer to be read."""
        connection = socket.create_connection(("127.0.0.1", self.port), 20)
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        return connection

    def control_connection(self, name: str = NAME) -> socket.socket:
        """A connection to the control socket."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(str(self.home / "run" / "wesktop" / f"{name}.sock"))
        return connection

    @contextlib.contextmanager
    def attach(self, name: str = NAME) -> Iterator[BinaryIO]:
        """A lease, as a window holds it; what comes over it can be read."""
        with self.control_connection(name) as connection, connection.makefile("rb") as events:
            connection.sendall(b'{"type":"attach","kind":"window"}\n')
            yield events

    def version(self, *headers: str) -> str | None:
        """Which code answers; None when none does."""
        found = answers(self.url, *headers)
        return json.loads(found)["version"] if found else None

    def processes(self) -> list[psutil.Process]:
        """All living processes of the app."""
        return running_from(self.home)

    def nothing_left(self, within: float = 20.0) -> None:
        """Wait until no process and no file in the runtime directory is left."""
        wait_for(lambda: not self.processes(), "the end of all processes", within)
        assert left_behind(self.home) == []


Start = Callable[..., Running]


@contextlib.contextmanager
def starter(home: Path) -> Iterator[Start]:
    """Start the app with further arguments of `wesktop serve`; whatever is left of it in the end, is ended."""
    app = Running(home, free_port())

    def start(*arguments: str, version: str = "one", more: str = "", **env: str) -> Running:
        app.write(version, more)
        app.env.update(env)
        done = app.command("serve", "app:app", "--port", str(app.port), "--detach", *arguments)
        assert done.returncode == 0, done.stderr
        return app

    yield start
    end_all(home)
