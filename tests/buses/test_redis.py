"""What Redis loses, keeps and carries, through crashes and from afar."""

import contextlib
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import httpx
import httpx_sse
import pytest

from buses.app import APP, FURTHER
from buses.servers import Redis, has_sent_all, logged, told
from support.running import Start, starter
from support.waiting import wait_for
from wesktop.sse import Broadcaster


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


def follow(url: str, heard: list[str]) -> None:
    """Read twenty events."""
    with httpx.Client(timeout=30, trust_env=False) as client, httpx_sse.connect_sse(client, "GET", url) as source:
        for event in source.iter_sse():
            if event.event == "tick":
                heard.append(event.data)
                if len(heard) == 20:
                    return


def test_what_is_no_event_of_ours_is_left_out(redis: Redis) -> None:
    broadcaster = Broadcaster(strict=False, name="news", bus=redis.url)
    wait_for(lambda: broadcaster._bus.ready, "the bus")
    redis.call("XADD", "wesktop:news", "*", "x", b"no UTF-8: \xff")
    redis.call("XADD", "wesktop:news", "*", "event", "e", "data", "1", "origin", "o", "number", "many")
    broadcaster.broadcast("e", "right")
    wait_for(lambda: len(logged(broadcaster)) == 1, "the event that is right")
    broadcaster._bus.close()


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
    wait_for(lambda: len(logged(broadcaster)) == 1 and has_sent_all(broadcaster), "the event")
    position, last = broadcaster._log.tail()
    redis.kill()
    redis.forget()
    redis.start()
    wait_for(lambda: broadcaster._log.read(position) is None, "the streams to be ended")
    assert broadcaster._log.position_after(last) is None
    broadcaster.broadcast("e", 2)
    wait_for(lambda: [data for _, data in told(broadcaster)] == ["2"], lambda: f"the next: {told(broadcaster)}")
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
    assert redis.events("events") == 7, "only one worker has handed each on"
    elsewhere._bus.close()

    heard: list[str] = []
    page = threading.Thread(target=follow, args=(f"{app.url}/events", heard))
    page.start()
    wait_for(lambda: any(app.get("/clients")["clients"] for _ in range(8)), "the page")
    for number in range(20):
        app.ctl("emit", "tick", str(number))
    page.join(30)
    assert heard == [str(number) for number in range(20)]


def test_the_last_words_of_a_process_arrive_by_redis(redis: Redis) -> None:
    program = f"""
from wesktop import Broadcaster
events = Broadcaster(strict=False, name="news", bus={redis.url!r})
for number in range(100):
    events.broadcast("e", number)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert redis.events("news") == 100
