"""What carries events in these tests: a real Redis, and a supervisor's bus in a thread."""

import asyncio
import contextlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis as package

from support.scripts import free_port
from support.waiting import wait_for
from wesktop.sse import Broadcaster
from wesktopd.bus.event_bus import Bus as SupervisorsBus


class Redis:
    """A server of its own, which keeps what it has on disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--appendonly", "yes",
                   "--appendfsync", "always", "--save", "", "--dir", str(self._directory)]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def answers(self) -> None:
        """Wait until it does."""
        with package.Redis.from_url(self.url) as client:
            wait_for(lambda: _answers(client), "the server")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Lose what is kept on disk."""
        shutil.rmtree(self._directory / "appendonlydir")

    def call(self, *command: str | bytes) -> Any:
        """Have it do something."""
        with package.Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*command)

    def events(self, channel: str) -> int:
        """How many are in its stream."""
        entries = self.call("XRANGE", f"wesktop:{channel}", "-", "+")
        return sum("event" in fields for _, fields in entries)


def _answers(client: Any) -> bool:
    with contextlib.suppress(package.ConnectionError):
        return bool(client.ping())
    return False


class Supervisor:
    """A supervisor's bus, on a thread; `hang` it, and it does nothing until it may go on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ready, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(20)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        bus = SupervisorsBus()
        await bus.open(self.path)
        self._ready.set()
        await asyncio.to_thread(self._stopped.wait)
        bus.close()

    @contextlib.contextmanager
    def hang(self) -> Iterator[None]:
        hangs, may_go_on = threading.Event(), threading.Event()

        def do_nothing() -> None:
            hangs.set()
            may_go_on.wait(40)

        self._loop.call_soon_threadsafe(do_nothing)
        assert hangs.wait(20)
        try:
            yield
        finally:
            may_go_on.set()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def has_sent_all(broadcaster: Broadcaster) -> bool:
    """Whether its bus has said of all events that they have arrived, which may be after they were read back."""
    return not broadcaster._bus._queue  # type: ignore[attr-defined]


def logged(broadcaster: Broadcaster) -> list[bytes]:
    return [
        entry.encoded for entry in broadcaster._log.read(broadcaster._log.end - len(broadcaster._log._entries)) or ()
    ]


def told(broadcaster: Broadcaster) -> list[tuple[str, str]]:
    """The events of its log: their names, and the data."""
    events = [line.decode().splitlines() for line in logged(broadcaster)]
    return [(event.removeprefix("event: "), data.removeprefix("data: ")) for _, event, data, *_ in events]
