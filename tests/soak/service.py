"""The app that is soaked: as `wesktop serve --detach` starts it, with its files in a directory of its own."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil

from soak.connection import Cut, connected
from support.running import COMMAND
from support.scripts import end_all, free_port, isolated_env, left_behind, running_from
from support.waiting import until

NAME = "soak"
BLOB = 4 * 1024 * 1024  # bytes
DRAIN_TIMEOUT = 3
COMMAND_TIMEOUT = 120.0  # seconds for each `wesktop ctl`
SETTLED_WITHIN = 90.0  # above the longest backoff
NOT_RUNNING = 3  # the exit code of `wesktop ctl`
LOG_DISK = 8 * 1024 * 1024  # bytes; the log of half an hour is smaller


class CommandFailed(Exception):  # noqa: N818  it is what a fault tells of
    """A verb of `wesktop ctl` did not succeed. code: its exit code, None if it did not end in time."""

    def __init__(self, said: str, code: int | None = None) -> None:
        super().__init__(said)
        self.code = code


class Service:
    """The app and what controls it. wanted: how many workers are to serve."""

    def __init__(self, home: Path, workers: int, hang_timeout: float, seed: str) -> None:
        self.home, self.wanted, self.port = home, workers, free_port()
        self.hang_timeout = hang_timeout
        self.blob = random.Random(seed).randbytes(BLOB)
        self.env = isolated_env(home)
        self.log_dir = home / "state" / "wesktop" / "log"
        shutil.copy(Path(__file__).with_name("served.py"), home)
        (home / "blob.bin").write_bytes(self.blob)
        (home / "lifespans").touch()

    def mount_log_disk(self) -> bool:
        """Put the log on a small disk of its own; False where that is not possible."""
        self.log_dir.mkdir(parents=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={LOG_DISK},mode=700", "tmpfs", str(self.log_dir)],
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def unmount_log_disk(self) -> None:
        """Take it away, as its directory is about to be removed."""
        subprocess.run(["umount", "-l", str(self.log_dir)], check=True)

    async def start(self) -> None:
        """Start it. Raises CommandFailed."""
        limits = ["--drain-timeout", str(DRAIN_TIMEOUT), "--hang-timeout", f"{self.hang_timeout:g}"]
        options = ["--name", NAME, "--port", str(self.port), "--workers", str(self.wanted), *limits, "--detach"]
        await self.run("serve", "served:app", *options)

    async def run(self, *arguments: str) -> str:
        """Run `wesktop`; its output. Raises CommandFailed."""
        process = await asyncio.create_subprocess_exec(
            COMMAND, *arguments, cwd=self.home, env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT):
                output, errors = await process.communicate()
        except TimeoutError:
            raise CommandFailed(f"`wesktop {' '.join(arguments)}` did not end in {COMMAND_TIMEOUT:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if process.returncode:
            said = (errors or output).decode().strip()
            raise CommandFailed(
                f"`wesktop {' '.join(arguments)}` ended with {process.returncode}: {said}", process.returncode
            )
        return output.decode()

    async def status(self) -> dict[str, Any]:
        """Return what `ctl status` says. Raises CommandFailed."""
        found: dict[str, Any] = json.loads(await self.run("ctl", "status", NAME, "--json"))
        return found

    async def supervisor(self) -> int:
        """Return the PID of the supervisor, which an upgrade may change."""
        pid: int = (await self.status())["pid"]
        return pid

    async def ready(self) -> list[int]:
        """Return the PIDs of the workers that serve."""
        return [worker["pid"] for worker in (await self.status())["workers"] if worker["state"] == "ready"]

    async def settled(self) -> list[int]:
        """Wait until just as many workers are there as are wanted, all of them serving; their PIDs."""
        status: dict[str, Any] = {}
        deadline = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < deadline:
            status = await self.status()
            if [worker["state"] for worker in status["workers"]] == ["ready"] * self.wanted:
                return [worker["pid"] for worker in status["workers"]]
            await asyncio.sleep(0.2)
        raise CommandFailed(f"{self.wanted} workers are not back: {status.get('workers')}")

    async def inside(self, pids: list[int]) -> dict[int, dict[str, Any]]:
        """Return what each of these workers tells of itself: connections go to any of them."""
        found: dict[int, dict[str, Any]] = {}

        deadline = time.monotonic() + SETTLED_WITHIN
        while found.keys() < set(pids):
            if time.monotonic() > deadline:
                raise CommandFailed(f"of the workers {pids} only {[*found]} answer")
            with contextlib.suppress(Cut):
                async with connected(self.port) as connection:
                    told = json.loads(await connection.body(await connection.ask("GET", "/inside")))
                    found[told["pid"]] = told
            await asyncio.sleep(0.01)
        return found

    async def is_gone(self) -> bool:
        """Return whether it has ended, which nothing in a run asks of it."""
        for _ in range(10):
            try:
                await self.status()
            except CommandFailed as error:
                if error.code != NOT_RUNNING:
                    return False
            else:
                return False
            await asyncio.sleep(0.5)
        return True

    def processes(self) -> list[psutil.Process]:
        """Return all living processes of the app."""
        return running_from(self.home)

    async def stop(self) -> list[str]:
        """Stop it; what is left that should not be. Raises CommandFailed."""
        await self.run("ctl", "stop", NAME)
        await until(lambda: not self.processes(), lambda: f"the end of all processes: {self.processes()}")
        return left_behind(self.home)

    def lifespans(self) -> dict[str, set[int]]:
        """Return which workers have begun their lifespan, and which have ended it."""
        found: dict[str, set[int]] = {"began": set(), "ended": set()}
        for line in (self.home / "lifespans").read_text().splitlines():
            what, pid = line.split()
            found[what].add(int(pid))
        return found

    def logged(self) -> list[str]:
        """Return the lines of the log, the oldest first."""
        paths = sorted(self.log_dir.glob("*.log*"), key=lambda path: path.stat().st_mtime)
        return [line for path in paths for line in path.read_text(errors="replace").splitlines()]


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """Start the app; whatever is left of it in the end, is ended."""
    try:
        await service.start()
        yield
    finally:
        for process in service.processes():
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)
        end_all(service.home)


def gone(pid: int) -> Callable[[], bool]:
    """Return a condition: this process has ended."""

    def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return has_ended


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
