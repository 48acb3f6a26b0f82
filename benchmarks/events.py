"""Server-sent events beside a queue for each client on bare ASGI: `python -m benchmarks.events`.

burst       200 clients, many events at once: deliveries a second
paced       200 clients, an event every 5 ms: the server's CPU for each delivery
idle        memory of a client that waits
bus         through the supervisor, 2 workers: latency of an event, and events a second

Clients and server share the machine's processors.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.startup import BIN, GRANIAN_OPTIONS, environment, free_port, running
from wesktopd import client

CLIENTS = 200
MARK = b"event: tick"
BURST = 500
APPS = {
    "queue per client": """
import asyncio, json
clients = set()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["method"] == "POST":
        message = await receive()
        for number in range(int(scope["path"].rpartition("/")[2])):
            chunk = b"event: tick\\ndata: %d\\n\\n" % number
            for queue in clients:
                queue.put_nowait(chunk)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    queue = asyncio.Queue()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b": up\\n\\n", "more_body": True})
    clients.add(queue)
    while True:
        await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
""",
    "sse-starlette": """
import asyncio
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
queues = set()

async def follow():
    queue = asyncio.Queue()
    queues.add(queue)
    yield {"comment": "up"}
    while True:
        yield {"event": "tick", "data": await queue.get()}

async def events(request):
    return EventSourceResponse(follow())

async def send(request):
    for number in range(request.path_params["count"]):
        for queue in queues:
            queue.put_nowait(str(number))
    return Response(status_code=204)

app = Starlette(routes=[Route("/events", events), Route("/send/{count:int}", send, methods=["POST"])])
""",
    "wesktop": """
import wesktop
router = wesktop.Router()
events = wesktop.Broadcaster(buffer_size=100_000, history=1000)
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))

@router.post("/send/{count:int}")
async def send(request):
    for number in range(request.path_params["count"]):
        events.broadcast("tick", number)

app = wesktop.create_app(router)
""",
}


class Clients:
    """Open streams, and how many events each has got."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[int] = []
        self.times: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, count: int) -> None:
        """Open so many more, and wait until all are up."""
        up = [asyncio.Event() for _ in range(count)]
        for event in up:
            self.got.append(0)
            self._tasks.append(asyncio.create_task(self._read(len(self.got) - 1, event)))
        for event in up:
            await event.wait()

    async def _read(self, index: int, up: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        writer.write(b"GET /events HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % self.port)
        rest = b""
        while data := await reader.read(1 << 18):
            up.set()
            data = rest + data
            self.got[index] += data.count(MARK)
            rest = data[1 - len(MARK) :]  # too short for another, and long enough for the beginning of one
            self.times.append(time.perf_counter())

    async def all_have(self, events: int) -> float:
        """Wait until each has got so many; the time then."""
        while min(self.got) < events:  # noqa: ASYNC110  what the clients have got
            await asyncio.sleep(0.002)
        return time.perf_counter()

    def close(self) -> None:
        """End them."""
        for task in self._tasks:
            task.cancel()


def post(port: int, count: int) -> None:
    """Have the server send so many events."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/send/{count}", data=b"", method="POST")
    urllib.request.urlopen(request, timeout=60).close()


@contextlib.contextmanager
def serving(name: str, lab: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The app on granian: its port, and the process that serves."""
    port = free_port()
    (lab / "events_app.py").write_text(APPS[name])
    command = [str(BIN / "granian"), *GRANIAN_OPTIONS, "--port", str(port), "events_app:app"]
    with running(command, lab, environment()) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                post(port, 0)
                break
            time.sleep(0.02)
        worker = psutil.Process(process.pid).children()[-1]
        try:
            yield port, worker
        finally:  # open streams would hold a graceful stop up
            worker.kill()
            process.kill()


async def burst(port: int) -> float:
    """Deliveries a second."""
    clients = Clients(port)
    await clients.open(CLIENTS)
    started = time.perf_counter()
    await asyncio.to_thread(post, port, BURST)
    took = await clients.all_have(BURST) - started
    clients.close()
    return CLIENTS * BURST / took


async def paced(port: int, worker: psutil.Process, events: int = 300) -> float:
    """Microseconds of CPU for each delivery."""
    clients = Clients(port)
    await clients.open(CLIENTS)
    before = sum(worker.cpu_times()[:2])
    for number in range(events):
        await asyncio.to_thread(post, port, 1)
        await clients.all_have(number + 1)
        await asyncio.sleep(0.003)
    used = sum(worker.cpu_times()[:2]) - before
    clients.close()
    return used / events / CLIENTS * 1e6


async def idle(port: int, worker: psutil.Process, count: int = 800) -> float:
    """KiB of each client."""
    clients = Clients(port)
    await clients.open(10)
    before = worker.memory_full_info().uss
    await clients.open(count)
    await asyncio.sleep(1)
    grown = worker.memory_full_info().uss - before
    clients.close()
    return grown / count / 1024


async def through_the_bus(lab: Path) -> tuple[float, float]:
    """Milliseconds from a broadcast to a page of another worker, and events a second."""
    port = free_port()
    (lab / "bus_app.py").write_text(APPS["wesktop"])
    command = [str(BIN / "wesktop"), "serve", "--detach", "--workers", "2", "--port", str(port), "bus_app:app"]
    await asyncio.to_thread(
        subprocess.run, command, cwd=lab, env=environment(), check=True, stdout=subprocess.DEVNULL
    )
    try:
        clients = Clients(port)
        await clients.open(8)
        latencies = []
        for number in range(100):
            clients.times.clear()
            started = time.perf_counter()
            await asyncio.to_thread(client.emit, "bus_app", "tick", str(number))
            await clients.all_have(number + 1)
            latencies.append((statistics.median(clients.times) - started) * 1000)
        started = time.perf_counter()
        await asyncio.to_thread(post, port, 20_000)
        rate = 20_000 / (await clients.all_have(20_100) - started)
        clients.close()
        return statistics.median(latencies), rate
    finally:
        client.stop("bus_app", 20)


def main() -> None:
    """Measure what was chosen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wesktop-bench-") as directory:
        lab = Path(directory)
        os.environ["XDG_RUNTIME_DIR"] = directory
        print(f"{'':20}{'deliveries/s':>14}{'us CPU, paced':>16}{'KiB idle':>12}")
        for name in APPS:
            if name == "sse-starlette" and find_spec("sse_starlette") is None:
                continue
            rates, cpus = [], []
            for _ in range(options.rounds):
                with serving(name, lab) as (port, worker):
                    rates.append(asyncio.run(burst(port)))
                with serving(name, lab) as (port, worker):
                    cpus.append(asyncio.run(paced(port, worker)))
            with serving(name, lab) as (port, worker):
                memory = asyncio.run(idle(port, worker))
            rate, cpu = statistics.median(rates), statistics.median(cpus)
            print(f"{name:20}{rate:14.0f}{cpu:16.1f}{memory:12.1f}", flush=True)
        latency, rate = asyncio.run(through_the_bus(lab))
        print(f"\nthrough the supervisor, 2 workers: {latency:.2f} ms from `emit` to a page, {rate:.0f} events/s")


if __name__ == "__main__":
    main()
