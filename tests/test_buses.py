"""The three buses keep one contract: one order, nothing lost, nothing twice; and Redis its own through a crash."""

import asyncio
import contextlib
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import pytest

from support.running import starter
from support.scripts import free_port
from support.waiting import wait_for
from wesktop.asgi import Request
from wesktop.sse import Broadcaster
from wesktop.sse.log import Log
from wesktopd.bus import Bus as SupervisorsBus
from wesktopd.context import BUS_VARIABLE

Make = Callable[..., Broadcaster]


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

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[str]:
    """The path of a supervisor's bus."""
    path, ready, stopped = tmp_path / "app.bus", threading.Event(), threading.Event()

    async def serve() -> None:
        bus = SupervisorsBus()
        await bus.open(path)
        ready.set()
        await asyncio.to_thread(stopped.wait)
        bus.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    yield str(path)
    stopped.set()
    thread.join()


@pytest.fixture(params=["memory", "supervisor", "redis"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make a broadcaster; each that is made stands for another process, but for the bus of one process alone."""
    made: list[Broadcaster] = []
    bus: str | None = None
    if request.param == "memory":
        bus = "memory"
    elif request.param == "redis":
        bus = request.getfixturevalue("redis").url
    else:
        monkeypatch.setenv(BUS_VARIABLE, request.getfixturevalue("supervisor"))

    def make_one(**options: Any) -> Broadcaster:
        if request.param == "memory" and made:
            return made[0]
        made.append(Broadcaster(strict=False, name="news", bus=bus, **options))
        wait_for(lambda: made[-1]._bus.ready, "the bus")
        return made[-1]

    yield make_one
    for broadcaster in made:
        broadcaster._bus.close()


def logged(broadcaster: Broadcaster) -> list[bytes]:
    return [
        entry.wire for entry in broadcaster._log.read(broadcaster._log.end - len(broadcaster._log._entries)) or ()
    ]


def test_all_that_several_send_is_in_one_order_for_all(make: Make) -> None:
    senders = [make(), make()]

    def send(broadcaster: Broadcaster, who: int) -> None:
        for number in range(100):
            broadcaster.broadcast("e", [who, number])

    threads = [threading.Thread(target=send, args=(one, number)) for number, one in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for broadcaster in senders:
        wait_for(lambda broadcaster=broadcaster: len(logged(broadcaster)) == 200, "all events")  # type: ignore[misc]
    assert logged(senders[0]) == logged(senders[1])
    assert len(set(logged(senders[0]))) == 200
    for who in range(2):
        own = [line for line in logged(senders[0]) if b"data: [%d," % who in line]
        assert own == sorted(own, key=lambda line: int(line.split(b",")[1].split(b"]")[0]))


def test_who_comes_later_has_what_is_kept(make: Make) -> None:
    first = make(history=300)
    for number in range(10):
        first.broadcast("e", number, to="somebody" if number % 2 else None)
    wait_for(lambda: len(logged(first)) == 10, "the events")
    later = make(history=300)
    wait_for(lambda: logged(later) == logged(first), "the same events")
    last = first._log.last_id
    assert later._log.position_after(last) == later._log.end


def test_a_page_goes_on_in_another_process_where_it_was(make: Make) -> None:
    first, second = make(), make()
    first.broadcast("e", 1)
    wait_for(lambda: len(logged(first)) == len(logged(second)) == 1, "the event")
    seen = first._log.last_id
    second.broadcast("e", 2)
    wait_for(lambda: len(logged(second)) == 2, "the second event")

    async def scenario() -> bytes:
        request = Request({"type": "http", "headers": [(b"last-event-id", seen.encode())]})
        chunks = second.stream(request).generator
        greeting, events = [await anext(aiter(chunks)) for _ in range(2)]
        assert seen in greeting.decode()  # type: ignore[union-attr]
        return events  # type: ignore[return-value]

    events = asyncio.run(scenario())
    assert events.count(b"data:") == 1
    assert b"data: 2" in events


def test_redis_may_be_killed_in_the_middle(redis: Redis) -> None:
    broadcasters = [Broadcaster(strict=False, name="news", bus=redis.url) for _ in range(2)]
    for broadcaster in broadcasters:
        wait_for(lambda broadcaster=broadcaster: broadcaster._bus.ready, "the bus")  # type: ignore[misc]
    for number in range(300):
        broadcasters[number % 2].broadcast("e", number)
        if number == 100:
            redis.kill()
        if number == 200:
            redis.start()
    for broadcaster in broadcasters:
        wait_for(lambda broadcaster=broadcaster: len(logged(broadcaster)) == 300, "all events")  # type: ignore[misc]
        broadcaster._bus.close()
    assert logged(broadcasters[0]) == logged(broadcasters[1])
    numbers = sorted(int(line.split(b"data: ")[1]) for line in logged(broadcasters[0]))
    assert numbers == [*range(300)]


@pytest.mark.parametrize("bus", ["kafka://x", "", "redis"])
def test_a_bus_that_is_unknown_is_refused(bus: str) -> None:
    with pytest.raises(ValueError, match="is unknown"):
        Broadcaster(bus=bus)


def test_pages_of_two_servers_get_the_same_through_redis(
    redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with contextlib.ExitStack() as stack:
        servers = []
        for _ in range(2):
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wesktop-")))
            servers.append(stack.enter_context(starter(home))(more=APP.replace("REDIS", redis.url)))
        heard: list[list[str]] = [[], []]
        threads = [
            threading.Thread(target=follow, args=(f"{server.url}/events", heard[number]))
            for number, server in enumerate(servers)
        ]
        for thread in threads:
            thread.start()
        wait_for(lambda: all(server.get("/clients")["clients"] == 1 for server in servers), "both pages")
        for number in range(20):
            servers[number % 2].get(f"/send/{number}")
        for thread in threads:
            thread.join(30)
    assert heard[0] == heard[1]
    assert sorted(heard[0], key=int) == [str(number) for number in range(20)]


APP = """
events = wesktop.Broadcaster(bus="REDIS")
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))

@router.get("/send/{number:int}")
async def send(request):
    events.broadcast("tick", request.path_params["number"])
    return {}

@router.get("/clients")
async def clients(request):
    return {"clients": events.client_count}
"""


def follow(url: str, heard: list[str]) -> None:
    """Read twenty events."""
    with httpx.Client(timeout=30, trust_env=False) as client, httpx_sse.connect_sse(client, "GET", url) as source:
        for event in source.iter_sse():
            if event.event == "tick":
                heard.append(event.data)
                if len(heard) == 20:
                    return


def test_what_cannot_be_sent_is_refused_and_holds_nothing_up(make: Make) -> None:
    first, second = make(), make()
    with pytest.raises(TypeError):
        first.broadcast("e", 1, to=5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="UTF-8"):
        first.broadcast("e", 1, to="\ud800")
    with pytest.raises(ValueError, match="characters"):
        first.broadcast("e", "x" * 1_000_001)
    first.broadcast("e", 2)
    wait_for(lambda: len(logged(second)) == 1, "the event that is right")


def test_what_is_no_event_of_ours_is_left_out(redis: Redis) -> None:
    import redis as package

    broadcaster = Broadcaster(strict=False, name="news", bus=redis.url)
    wait_for(lambda: broadcaster._bus.ready, "the bus")
    with package.Redis.from_url(redis.url) as server:
        for fields in ({"x": "1"}, {"event": "e", "data": "1", "origin": "o", "number": "many"}):
            server.xadd("wesktop:news", fields)
    broadcaster.broadcast("e", "right")
    wait_for(lambda: len(logged(broadcaster)) == 1, "the event that is right")
    broadcaster._bus.close()


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="history_seconds"):
        Broadcaster(history_seconds=seconds)


def test_who_reads_when_some_are_lost_is_told() -> None:
    log = Log(10, 1000, 60)
    log.begin("a-0")
    log.append("a-1", "e", "1", None, 0)
    position, last = log.tail()
    assert (log.read(position), last) == ([], "a-1")
    log.begin("b-7")
    assert log.read(position) is None
    assert log.position_after("a-1") is None
    assert log.position_after("b-7") == log.end


def test_an_event_that_is_larger_than_what_is_kept_is_delivered() -> None:
    log = Log(10, 10, 60)
    log.begin("a-0")
    position, _ = log.tail()
    log.append("a-1", "e", "x" * 100, None, 0)
    assert len(log.read(position) or ()) == 1
