"""The servers and supervisors that are measured side by side, each with the same app."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.connections import BODY, get
from benchmarks.startup import GRANIAN_OPTIONS, environment, free_port
from wesktopd import client

BIN = Path(sys.executable).parent
NAME = "bench"

# /work takes 2 ms of a processor. The file `delay` has the seconds that an import is to take.
APP = f"""
import time
from pathlib import Path

delay = Path(__file__).with_name("delay")
if delay.exists():
    time.sleep(float(delay.read_text()))

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/work":
        until = time.process_time() + 0.002
        while time.process_time() < until:
            pass
    headers = [(b"content-length", b"{len(BODY)}")]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": {BODY!r}}})
"""

SUPERVISORD_CONF = """
[supervisord]
nodaemon = true
logfile = {lab}/supervisord.log
pidfile = {lab}/supervisord.pid
[unix_http_server]
file = {lab}/supervisord.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://{lab}/supervisord.sock
[fcgi-program:bench]
socket = tcp://127.0.0.1:{port}
command = {bin}/uvicorn --fd 0 --log-level warning bench_app:app
directory = {lab}
process_name = %(process_num)d
numprocs = {workers}
"""

CIRCUS_INI = """
[circus]
endpoint = ipc://{lab}/circus.sock
pubsub_endpoint = ipc://{lab}/circus-pubsub.sock
[socket:web]
host = 127.0.0.1
port = {port}
[watcher:bench]
cmd = {bin}/uvicorn --fd $(circus.sockets.web) --log-level warning bench_app:app
working_dir = {lab}
use_sockets = True
numprocesses = {workers}
"""


@dataclass
class Server:
    """One that runs: the supervisor's process, and where the app answers."""

    process: psutil.Process
    port: int

    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        return [child for child in self.process.children() if "resource_tracker" not in " ".join(child.cmdline())]

    def tree(self) -> list[psutil.Process]:
        """The supervisor and all below it."""
        return [self.process, *self.process.children(recursive=True)]


@dataclass(frozen=True)
class Contender:
    """A server: the command that starts it, which stays or detaches `NAME`; and the one that restarts it, if any."""

    name: str
    command: Callable[[Path, int, int], list[str]]
    restart: Callable[[Server], Awaitable[None]] | None = None
    detaches: bool = False

    @contextlib.contextmanager
    def running(self, lab: Path, workers: int = 1) -> Iterator[Server]:
        """The server, answering; ended with all that it started."""
        port = free_port()
        with (lab / f"{self.name}.log").open("ab") as log:
            argv = self.command(lab, port, workers)
            options = {"cwd": lab, "env": environment(), "stdout": log, "stderr": log}
            if self.detaches:
                subprocess.run(argv, check=True, **options)  # type: ignore[call-overload]
                process = psutil.Process(client.status(NAME).pid)
            else:
                process = psutil.Process(subprocess.Popen(argv, **options).pid)  # type: ignore[call-overload]
        server = Server(process, port)
        try:
            self._wait(server, workers, lab)
            yield server
        finally:
            end(server)

    def _wait(self, server: Server, workers: int, lab: Path) -> None:
        deadline = time.monotonic() + 30
        while len(server.workers()) < workers or asyncio.run(get(server.port)):
            if not server.process.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not serve: {(lab / f'{self.name}.log').read_text()[-2000:]}")
            time.sleep(0.01)


def end(server: Server) -> None:
    """End it gracefully, and after 5 s with force."""
    tree = server.tree() if server.process.is_running() else []
    if tree:
        server.process.send_signal(signal.SIGTERM)
    for left in psutil.wait_procs(tree, 5)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()


async def _ctl_restart(_: Server) -> None:
    argv = [str(BIN / "wesktop"), "ctl", "restart", NAME]
    done = await asyncio.create_subprocess_exec(*argv, env=environment(), stdout=subprocess.DEVNULL)
    if await done.wait():
        raise RuntimeError("wesktop ctl restart failed")


async def _hang_up(server: Server) -> None:
    os.kill(server.process.pid, signal.SIGHUP)


def _wesktop(_: Path, port: int, workers: int) -> list[str]:
    numbers = ["--port", str(port), "--workers", str(workers)]
    return [str(BIN / "wesktop"), "serve", "bench_app:app", "--name", NAME, "--detach", *numbers]


def _granian(_: Path, port: int, workers: int) -> list[str]:
    options = [*GRANIAN_OPTIONS, "--workers", str(workers), "--respawn-failed-workers", "--port", str(port)]
    return [str(BIN / "granian"), *options, "bench_app:app"]


def _gunicorn(_: Path, port: int, workers: int) -> list[str]:
    options = ["-k", "uvicorn.workers.UvicornWorker", "-w", str(workers), "-b", f"127.0.0.1:{port}"]
    return [sys.executable, "-W", "ignore", "-m", "gunicorn", *options, "--log-level", "error", "bench_app:app"]


def _configured(template: str, file: str, *argv: str) -> Callable[[Path, int, int], list[str]]:
    def command(lab: Path, port: int, workers: int) -> list[str]:
        (lab / file).write_text(template.format(lab=lab, port=port, workers=workers, bin=BIN))
        return [str(BIN / argv[0]), *argv[1:], str(lab / file)]

    return command


WESKTOP = Contender("wesktop", _wesktop, _ctl_restart, detaches=True)
GRANIAN = Contender("granian", _granian, _hang_up)
GUNICORN = Contender("gunicorn", _gunicorn, _hang_up)
SUPERVISORD = Contender("supervisord", _configured(SUPERVISORD_CONF, "supervisord.conf", "supervisord", "-c"))
CIRCUS = Contender("circus", _configured(CIRCUS_INI, "circus.ini", "circusd", "--log-level", "error"))
