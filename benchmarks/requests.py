"""Requests: the app layer compared with bare ASGI and its peers, all on granian: `python -m benchmarks.requests`.

Every round visits each contender in turn, in reversed order on odd rounds, and a ratio is formed within its round;
the table shows medians. Load comes from wrk (`apt install wrk`). CPU is the server's, by the kernel's clock: on a
machine that does other things too it says more than requests per second.

    --only plain,post       some workloads     --rounds 7     --contenders bare,wesktop     --in-process
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from benchmarks.startup import BIN, GRANIAN_OPTIONS, environment, free_port, running

APPS = Path(__file__).with_name("request_apps")
TICK = os.sysconf("SC_CLK_TCK")
ITEMS = [{"id": i, "name": f"user-{i}", "email": f"user{i}@example.com", "active": bool(i % 2)} for i in range(26)]
BODY = json.dumps({"items": ITEMS}, separators=(",", ":")).encode()  # 2 KB
LUA = 'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = [[%s]]\n'


class Workload(NamedTuple):
    """A request, and the least that must be in its response."""

    path: str
    answer: bytes
    body: bytes = b""


WORKLOADS = {
    "plain": Workload("/", b"Hello, World!"),
    "json": Workload("/json", b'{"message":"Hello, World!","ok":true,"n":42}'),
    "params": Workload("/items/42/x/alice", b'{"id":"42","name":"alice"}'),
    "post": Workload("/echo", BODY, BODY),
    "static10k": Workload("/static/f10k.txt", b"x" * 10240),
    "static1m": Workload("/static/f1m.bin", b"y" * (1 << 20)),
}
PEERS = ("bare", "wesktop", "guarded", "session", "blacksheep", "starlette")
OURS = ("bare", "wesktop", "guarded", "session")
COOKIE = "Cookie: wesktop-bench-%d=" + "c" * 64  # which is asked for by "session" alone, and sent to all


class Figures(NamedTuple):
    """Of one second or so: requests per second, and microseconds of the server's CPU for each."""

    rate: float
    cpu: float


class Server:
    """A contender that runs."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.port = port
        self._process = psutil.Process(process.pid)

    def cpu(self) -> float:
        """Seconds that its processes have used."""
        tree = [self._process, *self._process.children(recursive=True)]
        return sum(sum(process.cpu_times()[:2]) for process in tree)


@contextmanager
def serving(name: str, lab: Path) -> Iterator[Server]:
    """Serve an app of request_apps/, by granian's own command."""
    port = free_port()
    env = environment(BENCH_STATIC=str(lab / "static"), BENCH_PORT=str(port), PYTHONPATH=str(APPS))
    command = [str(BIN / "granian"), *GRANIAN_OPTIONS, "--port", str(port), f"{name}_app:app"]
    with running(command, lab, env) as process:
        deadline = time.monotonic() + 30
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not serve: {(lab / 'out.log').read_text()[-2000:]}")
            time.sleep(0.02)
        yield Server(process, port)


def _answers(port: int) -> bool:
    try:
        return bool(_get(port, WORKLOADS["plain"]))
    except OSError:
        return False


def _get(port: int, workload: Workload) -> bytes:
    headers = dict([(COOKIE % port).split(": ")])
    if workload.body:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{workload.path}", data=workload.body or None, headers=headers
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        body: bytes = response.read()
        return body


def load(server: Server, workload: Workload, lab: Path, seconds: float) -> Figures:
    """Have wrk ask for it on 32 connections."""
    script = ["-s", str(lab / "post.lua")] if workload.body else []
    url = f"http://127.0.0.1:{server.port}{workload.path}"
    before = server.cpu()
    done = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds:g}s", "-H", COOKIE % server.port, *script, url],
        capture_output=True,
        text=True,
        check=True,
    )
    used = server.cpu() - before
    found = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
    if found is None or rate is None or "Non-2xx" in done.stdout:
        raise RuntimeError(f"wrk says: {done.stdout}")
    return Figures(float(rate[1]), used / int(found[1]) * 1e6)


def measure(names: list[str], workloads: list[str], rounds: int, seconds: float) -> None:
    """Measure in alternation and print."""
    with tempfile.TemporaryDirectory(prefix="wesktop-bench-") as directory, ExitStack() as stack:
        lab = Path(directory)
        (lab / "static").mkdir()
        for workload in WORKLOADS.values():
            if workload.path.startswith("/static/"):
                (lab / workload.path.removeprefix("/")).write_bytes(workload.answer)
        (lab / "post.lua").write_text(LUA % BODY.decode())
        servers = {name: stack.enter_context(serving(name, lab)) for name in names}
        for server in servers.values():
            for name in workloads:
                if json_or_bytes(_get(server.port, WORKLOADS[name])) != json_or_bytes(WORKLOADS[name].answer):
                    raise RuntimeError(f"{name} is answered wrongly")
        for name in workloads:
            figures: dict[str, list[Figures]] = {contender: [] for contender in servers}
            for number in range(rounds):
                for contender in list(servers)[:: 1 if number % 2 else -1]:
                    figures[contender].append(load(servers[contender], WORKLOADS[name], lab, seconds))
            show(name, figures)


def json_or_bytes(data: bytes) -> Any:
    """JSON without regard to its spaces; else the bytes."""
    try:
        return json.loads(data)
    except ValueError:
        return data


def show(workload: str, figures: dict[str, list[Figures]]) -> None:
    """Medians of the ratios to the first contender, and of the figures themselves."""
    base = next(iter(figures.values()))
    print(f"\n{workload:16}{'rate ratio':>12}{'CPU ratio':>12}{'requests/s':>12}{'us CPU each':>13}")
    for name, found in figures.items():
        rate = statistics.median(one.rate / other.rate for one, other in zip(found, base, strict=True))
        cpu = statistics.median(one.cpu / max(other.cpu, 1e-9) for one, other in zip(found, base, strict=True))
        rates = statistics.median(one.rate for one in found)
        print(f"{name:16}{rate:12.2f}{cpu:12.2f}{rates:12.0f}{statistics.median(one.cpu for one in found):13.1f}")


def in_process(names: list[str], times: int = 20_000) -> None:
    """Without a server: microseconds of CPU for each request, and how much of them is above bare ASGI's."""
    os.environ["BENCH_STATIC"] = tempfile.gettempdir()
    sys.path.insert(0, str(APPS))
    found = {name: asyncio.run(_call(import_module(f"{name}_app").app, times)) for name in names}
    print(f"\n{'in process, us':16}" + "".join(f"{name:>12}" for name in found) + f"{'wesktop above bare':>22}")
    for workload in ("plain", "json", "params", "post"):
        cells = "".join(f"{figures[workload]:12.2f}" for figures in found.values())
        print(f"{workload:16}{cells}{found['wesktop'][workload] - found['bare'][workload]:22.2f}")


class _Done:
    """An awaitable that is ready immediately."""

    def __await__(self) -> Iterator[None]:
        return iter(())


async def _call(app: Callable[..., Any], times: int) -> dict[str, float]:
    done = _Done()
    found = {}
    for name in ("plain", "json", "params", "post"):
        workload = WORKLOADS[name]
        length = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(workload.body))]
        headers = [(b"host", b"127.0.0.1:8000"), *(length if workload.body else [])]
        message = {"type": "http.request", "body": workload.body, "more_body": False}

        async def receive(message: dict[str, Any] = message) -> dict[str, Any]:
            return message

        best = float("inf")
        for _ in range(7):
            before = time.process_time()
            for _ in range(times):
                scope = {
                    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
                    "method": "POST" if workload.body else "GET", "path": workload.path,
                    "raw_path": workload.path.encode(), "query_string": b"", "root_path": "",
                    "headers": [*headers], "client": ("127.0.0.1", "1"), "server": ("127.0.0.1", "2"),
                    "extensions": {"http.response.pathsend": {}}, "state": {},
                }  # fmt: skip
                await app(scope, receive, lambda _: done)
            best = min(best, time.process_time() - before)
        found[name] = best / times * 1e6
    return found


def routes(few: int = 10, many: int = 10_000) -> None:
    """Measure how much longer a look-up takes among many routes, and the memory of each."""
    from wesktop import Router

    async def handler(_: object) -> None: ...

    found = {}
    for count in (few, many):
        before = psutil.Process().memory_info().rss
        router = Router()
        for number in range(count):
            router.add_route("GET", f"/area{number % 100}/res{number}/{{id}}/sub/{{name}}", handler)
        weight = psutil.Process().memory_info().rss - before
        path = f"/area{(count - 1) % 100}/res{count - 1}/42/sub/alice"
        best = float("inf")
        for _ in range(7):
            started = time.process_time()
            for _ in range(50_000):
                router.find("GET", path)
            best = min(best, time.process_time() - started)
        found[count] = best
        print(f"{count:6} routes: {best / 50_000 * 1e6:5.2f} us a look-up, {weight / count / 1024:5.1f} KiB each")
    print(f"ratio {found[many] / found[few]:.2f}")


def main() -> None:
    """Measure what was chosen."""
    installed = [name for name in PEERS if name in OURS or find_spec(name)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--contenders", default=",".join(installed))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--in-process", action="store_true", help="no server: the app layer alone")
    options = parser.parse_args()
    names = options.contenders.split(",")
    if options.in_process:
        in_process(names)
        routes()
        return
    print(f"load average before: {os.getloadavg()[0]:.2f}")
    measure(names, options.only.split(","), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
