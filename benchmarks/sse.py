"""Server-sent events compared with bare ASGI and peers, all on granian: `python -m benchmarks.sse`.

burst       200 clients, 500 events in a burst: deliveries a second
paced       200 clients, an event every 10 ms: the server's CPU for each delivery
idle        5,000 clients for whom there is nothing: memory of each, and CPU in 30 s
bus         through the supervisor, 2 workers: latency of an event, and events a second

Every round visits each contender in turn, in reversed order on odd rounds, and a ratio is formed within its round;
the tables show medians. Clients and server share the machine's processors.

    --only burst,paced     --rounds 5     --contenders queue,wesktop
"""

import argparse
import asyncio
import contextlib
import os
import resource
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.startup import BIN, GRANIAN_OPTIONS, environment, free_port, running
from wesktopd import client

APPS = Path(__file__).with_name("sse_apps")
CONTENDERS = {"queue": "", "at_once": "", "wesktop": "", "starlette": "sse_starlette", "litestar": "litestar"}
CLIENTS = 200
BURST = 500
PACED = 300
PAUSE = 10  # ms; every client is idle again before the next event comes
IDLE = 5000
IDLE_SECONDS = 30.0  # two keep-alive comments of each
PATIENCE = 60.0
MARK = b"event: tick"
COMMENT = b"\n: "  # begins each stream: a client that has only the headers may not be in the sender's list


Measure = Callable[["Server"], Awaitable[float]]


class Server(NamedTuple):
    """The server of a contender."""

    port: int
    worker: psutil.Process

    def cpu(self) -> float:
        """Seconds of CPU that the worker has used, to the nanosecond: clock_getcpuclockid(3)."""
        return time.clock_gettime(~self.worker.pid << 3 | 2)


class Stream(asyncio.Protocol):
    """A client: how many events it has got, and when the last one came."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.got = 0
        self.at = 0.0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        port = transport.get_extra_info("peername")[1]
        transport.write(b"GET /events HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if COMMENT in data:
            self.up.set()
        self.got += data.count(MARK)
        self._rest = data[1 - len(MARK) :]  # too short for another, and long enough for the beginning of one
        self.at = time.perf_counter()


@contextlib.asynccontextmanager
async def streams(port: int, count: int) -> AsyncIterator[list[Stream]]:
    """So many open streams, opened a few at a time."""
    found: list[Stream] = []
    try:
        async with asyncio.timeout(PATIENCE):
            for _ in range(count):
                _, stream = await asyncio.get_running_loop().create_connection(Stream, "127.0.0.1", port)
                found.append(stream)
                await found[max(0, len(found) - 50)].up.wait()
            for stream in found:
                await stream.up.wait()
        yield found
    finally:
        for stream in found:
            stream.transport.abort()


async def all_have(clients: list[Stream], events: int) -> float:
    """Wait until each has got so many; when the last of them came."""
    async with asyncio.timeout(PATIENCE):
        while min(stream.got for stream in clients) < events:  # noqa: ASYNC110  what the clients have got
            await asyncio.sleep(0.002)
    return max(stream.at for stream in clients)


async def send(port: int, count: int, pause: int = 0) -> None:
    """Have the server send so many events, with so many milliseconds between two of them."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/send/{count}/{pause}", data=b"", method="POST")
    await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=PATIENCE).close())


@contextlib.contextmanager
def serving(name: str, lab: Path) -> Iterator[Server]:
    """A contender on granian."""
    port = free_port()
    command = [str(BIN / "granian"), *GRANIAN_OPTIONS, "--backlog", "16384", "--port", str(port), f"{name}_app:app"]
    with running(command, lab, environment(PYTHONPATH=str(APPS))) as process:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                asyncio.run(send(port, 0))
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not serve: {(lab / 'out.log').read_text()[-2000:]}")
            time.sleep(0.02)
        worker = psutil.Process(process.pid).children()[-1]
        try:
            yield Server(port, worker)
        finally:  # open streams would hold a graceful stop up
            worker.kill()
            process.kill()


@contextlib.contextmanager
def supervised(lab: Path, workers: int) -> Iterator[Server]:
    """wesktop as it is meant to be run; the first of its workers."""
    port = free_port()
    command = [
        str(BIN / "wesktop"),
        "serve",
        "--detach",
        "--workers",
        str(workers),
        "--port",
        str(port),
        "wesktop_app:app",
    ]
    subprocess.run(command, cwd=lab, env=environment(PYTHONPATH=str(APPS)), check=True, stdout=subprocess.DEVNULL)
    try:
        yield Server(port, psutil.Process(client.status("wesktop_app").workers[0].pid))
    finally:
        client.stop("wesktop_app", 20)


async def burst(server: Server) -> float:
    """Microseconds for each delivery."""
    async with streams(server.port, CLIENTS) as clients:
        started = time.perf_counter()
        await send(server.port, BURST)
        return (await all_have(clients, BURST) - started) / CLIENTS / BURST * 1e6


async def paced(server: Server) -> float:
    """Microseconds of CPU for each delivery."""
    async with streams(server.port, CLIENTS) as clients:
        before = server.cpu()
        await send(server.port, PACED, PAUSE)
        await all_have(clients, PACED)
        return (server.cpu() - before) / PACED / CLIENTS * 1e6


async def idle(server: Server) -> tuple[float, float]:
    """KiB of each client, and milliseconds of CPU in 30 s."""
    async with streams(server.port, 10):  # what the first requests load is not the streams'
        before = server.worker.memory_info().rss
        async with streams(server.port, IDLE):
            started = server.cpu()
            await asyncio.sleep(IDLE_SECONDS)
            used = server.cpu() - started
            return (server.worker.memory_info().rss - before) / IDLE / 1024, used * 1000


async def through_the_bus(server: Server) -> tuple[float, float]:
    """Milliseconds from `emit` to a page, and events a second."""
    async with streams(server.port, 8) as clients:
        latencies = []
        for number in range(100):
            started = time.perf_counter()
            await asyncio.to_thread(client.emit, "wesktop_app", "tick", str(number))
            await all_have(clients, number + 1)
            latencies.append((statistics.median(stream.at for stream in clients) - started) * 1000)
        started = time.perf_counter()
        await send(server.port, 20_000)
        rate = 20_000 / (await all_have(clients, 20_100) - started)
        return statistics.median(latencies), rate


def compare(title: str, measure: Measure, base: str, names: list[str], rounds: int, lab: Path) -> None:
    """Measure in alternation; print medians, and how many times the base's each is."""
    figures: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names[:: 1 if number % 2 else -1]:
            with serving(name, lab) as server:
                figures[name].append(asyncio.run(_run(measure, server)))
    print(f"\n{title:44}{'median':>10}{f'over {base}':>14}{'lowest':>9}{'highest':>9}")
    for name, found in figures.items():
        ratios = [one / other for one, other in zip(found, figures[base], strict=True)]
        cells = f"{statistics.median(ratios):14.2f}{min(ratios):9.2f}{max(ratios):9.2f}"
        print(f"{name:44}{statistics.median(found):10.2f}{cells}", flush=True)


async def _run(measure: Measure, server: Server) -> float:
    return await measure(server)


def main() -> None:
    """Measure what was chosen."""
    installed = [name for name, package in CONTENDERS.items() if not package or find_spec(package)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="burst,paced,idle,bus")
    parser.add_argument("--contenders", default=",".join(installed))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    only, names = options.only.split(","), options.contenders.split(",")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"load average before: {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory(prefix="wesktop-bench-") as directory:
        lab = Path(directory)
        os.environ["XDG_RUNTIME_DIR"] = directory
        if "burst" in only:
            compare("us for each delivery of a burst", burst, "wesktop", names, options.rounds, lab)
        if "paced" in only:
            compare("us of CPU for each delivery, paced", paced, "at_once", names, options.rounds, lab)
        if "idle" in only:
            print(f"\n{f'{IDLE} idle clients':44}{'KiB each':>10}{'ms CPU/30 s':>14}")
            for name in names:
                with serving(name, lab) as server:
                    show_idle(name, server)
            with supervised(lab, 1) as server:
                show_idle("wesktop, by its own server", server)
        if "bus" in only:
            with supervised(lab, 2) as server:
                latency, rate = asyncio.run(through_the_bus(server))
            print(f"\nthrough the supervisor, 2 workers: {latency:.2f} ms from `emit` to a page, {rate:.0f} events/s")


def show_idle(name: str, server: Server) -> None:
    """Measure and print a line."""
    memory, cpu = asyncio.run(idle(server))
    print(f"{name:44}{memory:10.1f}{cpu:14.1f}", flush=True)


if __name__ == "__main__":
    main()
