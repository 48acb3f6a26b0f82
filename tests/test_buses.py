"""The three buses keep one contract: one order, nothing lost, nothing twice; and Redis its own through a crash."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import pytest
import redis as package

from support.running import Start, starter
from support.scripts import free_port
from support.waiting import wait_for
from wesktop.asgi import Request
from wesktop.sse import Broadcaster
from wesktop.sse import outbox as outboxes
from wesktop.sse.log import Log
from wesktopd import bus_protocol
from wesktopd.bus import READ_SIZE
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

    def forget(self) -> None:
        """Lose what is kept on disk."""
        shutil.rmtree(self._directory / "appendonlydir")

    def call(self, *command: str) -> Any:
        """Have it do something."""
        with package.Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*command)


def _answers(client: Any) -> bool:
    with contextlib.suppress(package.ConnectionError):
        return bool(client.ping())
    return False


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    with package.Redis.from_url(server.url) as client:
        wait_for(lambda: _answers(client), "the server")
    yield server
    server.kill()


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


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    bus = Supervisor(tmp_path / "app.bus")
    yield bus
    bus.stop()


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
        monkeypatch.setenv(BUS_VARIABLE, str(request.getfixturevalue("supervisor").path))

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
    broadcaster = Broadcaster(strict=False, name="news", bus=redis.url)
    wait_for(lambda: broadcaster._bus.ready, "the bus")
    redis.call("XADD", "wesktop:news", "*", "x", "1")
    redis.call("XADD", "wesktop:news", "*", "event", "e", "data", "1", "origin", "o", "number", "many")
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


def told(broadcaster: Broadcaster) -> list[tuple[str, str]]:
    """The events of its log: their names, and the data."""
    events = [line.decode().splitlines() for line in logged(broadcaster)]
    return [(event.removeprefix("event: "), data.removeprefix("data: ")) for _, event, data, *_ in events]


def test_what_waits_for_a_redis_that_is_away_is_bounded_and_a_reset_tells_of_the_rest(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outboxes, "MAX_WAITING", 50)
    sends, hears = [Broadcaster(strict=False, name="news", bus=redis.url) for _ in range(2)]
    sends.broadcast("e", "first")
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: len(logged(broadcaster)) == 1, "the first")  # type: ignore[misc]
    redis.kill()
    for number in range(1000):
        sends.broadcast("e", number)
    assert len(sends._bus._outbox) <= 52  # type: ignore[attr-defined]  # with the reset, and one that has to be kept
    redis.start()
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: told(broadcaster)[-1:] == [("e", "999")], "the last")  # type: ignore[misc]
    wait_for(lambda: "events were lost while" in caplog.text, "the line in the log")
    for broadcaster in (sends, hears):
        broadcaster._bus.close()
    events = told(hears)
    assert events == told(sends)
    reset = events.index(("reset", ""))
    numbers = [int(data) for event, data in events[1:] if event == "e"]
    assert numbers == [*range(reset - 1), *range(1000 - len(events) + reset + 1, 1000)]
    assert 40 < len(events) - reset <= 51


def test_what_waits_for_a_supervisor_that_hangs_is_bounded_and_a_reset_tells_of_the_rest(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "MAX_WAITING", 300)  # of which the socket takes a third
    monkeypatch.setenv(BUS_VARIABLE, str(supervisor.path))
    sends, hears = [Broadcaster(strict=False, name="news", history=5000) for _ in range(2)]
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: broadcaster._bus.ready, "the bus")  # type: ignore[misc]
    with supervisor.hang():
        for number in range(2000):
            sends.broadcast("e", [number, "x" * 1000])
        bus: Any = sends._bus
        assert len(bus._outbox) <= 301  # with the reset
        assert len(bus._out) < 100_000
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: b"[1999," in b"".join(logged(broadcaster)[-1:]), "the last")  # type: ignore[misc]
        broadcaster._bus.close()
    events = told(hears)
    assert events == told(sends)
    reset = events.index(("reset", ""))
    numbers = [int(data.split(",")[0][1:]) for event, data in events if event == "e"]
    kept = len(events) - reset - 1
    assert numbers == [*range(reset), *range(2000 - kept, 2000)], "all before the reset, and all after"
    assert 0 < kept <= 300


def test_what_redis_has_lost_is_no_longer_kept_and_what_it_has_is(redis: Redis) -> None:
    broadcaster = Broadcaster(strict=False, name="news", bus=redis.url)
    for number in range(5):
        broadcaster.broadcast("e", number)
    wait_for(lambda: len(logged(broadcaster)) == 5, "the events")
    ids = [entry.id for entry in broadcaster._log._entries]
    redis.call("XDEL", "wesktop:news", *ids[3:])
    redis.call("CLIENT", "KILL", "TYPE", "normal")
    wait_for(lambda: broadcaster._log.last_id == ids[2], "what is there still")
    assert [data for _, data in told(broadcaster)] == ["0", "1", "2"]
    assert broadcaster._log.position_after(ids[3]) is None, "a page that has had it is told"
    assert broadcaster._log.position_after(ids[0]) is not None
    broadcaster.broadcast("e", 5)
    wait_for(lambda: [data for _, data in told(broadcaster)] == ["0", "1", "2", "5"], "the next")
    broadcaster._bus.close()


def test_pages_of_a_redis_that_comes_back_empty_are_told(redis: Redis) -> None:
    broadcaster = Broadcaster(strict=False, name="news", bus=redis.url)
    broadcaster.broadcast("e", 1)
    wait_for(lambda: len(logged(broadcaster)) == 1, "the event")
    position, last = broadcaster._log.tail()
    redis.kill()
    redis.forget()
    redis.start()
    wait_for(lambda: broadcaster._log.read(position) is None, "the streams to be ended")
    assert broadcaster._log.position_after(last) is None
    broadcaster.broadcast("e", 2)
    wait_for(lambda: [data for _, data in told(broadcaster)] == ["2"], "the next")
    broadcaster._bus.close()


def test_what_is_emitted_reaches_the_pages_of_all_workers_once_by_redis(redis: Redis, start_app: Start) -> None:
    app = start_app("--workers", "2", more=APP.replace("REDIS", redis.url) + FURTHER)
    elsewhere = Broadcaster(strict=False, name="events", bus=redis.url)
    wait_for(lambda: elsewhere._bus.ready, "the bus")
    for number in range(5):
        assert app.ctl("emit", "tick", str(number)) == "app: tick is sent\n"
    wait_for(lambda: len(logged(elsewhere)) >= 5, "the events")
    redis.kill()
    app.ctl("emit", "tick", "5")
    redis.start()
    wait_for(lambda: len(logged(elsewhere)) >= 6, "the event that had to wait")
    app.ctl("restart")  # whose workers are told of all that was emitted, too
    app.ctl("emit", "tick", "6")
    wait_for(lambda: ("tick", "6") in told(elsewhere), "the last")
    assert told(elsewhere) == [("tick", str(number)) for number in range(7)]
    assert redis.call("XLEN", "wesktop:events") == 7, "only one worker has handed each on"
    elsewhere._bus.close()

    heard: list[str] = []
    page = threading.Thread(target=follow, args=(f"{app.url}/events", heard))
    page.start()
    wait_for(lambda: any(app.get("/clients")["clients"] for _ in range(8)), "the page")
    for number in range(20):
        app.ctl("emit", "tick", str(number))
    page.join(30)
    assert heard == [str(number) for number in range(20)]


def test_emit_to_a_broadcaster_that_is_not_there_is_refused_and_names_those_that_are(start_app: Start) -> None:
    app = start_app(more=APP.replace('bus="REDIS"', "") + FURTHER)
    for arguments, known in (
        (["--channel", "evnts"], "'events', 'news'"),
        (["--channel", "alone"], "'events', 'news'"),
    ):
        done = app.command("ctl", "emit", "tick", "1", *arguments)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert f"no broadcaster of the app takes part as '{arguments[1]}'" in done.stderr
        assert known in done.stderr
    app.ctl("emit", "tick", "1", "--channel", "news")
    app.write("two", APP.replace('bus="REDIS"', 'name="renamed"'))
    app.ctl("restart")
    app.settled()
    assert "(there: 'renamed')" in app.command("ctl", "emit", "tick", "1", "--channel", "news").stderr
    app.ctl("emit", "tick", "1", "--channel", "renamed")


FURTHER = """
wesktop.Broadcaster(name="alone", bus="memory")
further = wesktop.Broadcaster(name="news")
"""


def in_child(broadcaster: Broadcaster, *data: int) -> None:
    """Broadcast in a forked process, which ends at once."""
    child = os.fork()
    if not child:
        try:
            for item in data:
                broadcaster.broadcast("e", item)
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_broadcasts_too_and_takes_nothing_from_its_parent(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUS_VARIABLE, str(supervisor.path))
    broadcaster = Broadcaster(strict=False, name="news")
    broadcaster.broadcast("e", 1)
    wait_for(lambda: len(logged(broadcaster)) == 1, "the first")
    for lock in (broadcaster._lock, broadcaster._log._lock, broadcaster._bus._lock):  # type: ignore[attr-defined]
        held, release = threading.Event(), threading.Event()

        def hold(lock: Any = lock, held: threading.Event = held, release: threading.Event = release) -> None:
            with lock:
                held.set()
                release.wait(20)

        thread = threading.Thread(target=hold)
        thread.start()
        assert held.wait(20)
        in_child(broadcaster, 2, 3)
        release.set()
        thread.join()
    broadcaster.broadcast("e", 4)
    wait_for(lambda: len(logged(broadcaster)) == 8, "all events")
    assert [data for _, data in told(broadcaster)] == ["1", *["2", "3"] * 3, "4"]
    broadcaster._bus.close()


def test_the_last_words_of_a_process_arrive_by_redis(redis: Redis) -> None:
    program = f"""
from wesktop import Broadcaster
events = Broadcaster(strict=False, name="news", bus={redis.url!r})
for number in range(100):
    events.broadcast("e", number)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert redis.call("XLEN", "wesktop:news") == 100


def test_what_a_process_has_sent_before_its_end_arrives_although_it_hears_nothing_more(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUS_VARIABLE, str(supervisor.path))
    hears = Broadcaster(strict=False, name="news")
    wait_for(lambda: hears._bus.ready, "the bus")
    join = bus_protocol.Join(channel="news", max_events=1, max_bytes=1, max_seconds=1)
    sent = 0
    with supervisor.hang(), socket.socket(socket.AF_UNIX) as killed:
        killed.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 300_000)
        killed.connect(str(supervisor.path))
        killed.sendall(bus_protocol.encode(join))
        killed.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            for number in range(1, 200):
                event = bus_protocol.Publish(event="e", data="x" * 10_000, origin="killed", number=number)
                killed.sendall(bus_protocol.encode(event))
                sent = number
    assert sent * 10_000 > READ_SIZE, "more than is read at once, before the first answer fails"
    hears.broadcast("e", "after")
    wait_for(lambda: len(logged(hears)) == sent + 1, "all events")
    hears._bus.close()
