"""Processes that come, fork and end in the middle of it."""

import contextlib
import os
import socket
import threading
from typing import Any

import pytest

from buses.app import APP, FURTHER
from buses.servers import Supervisor, logged, told
from support.running import Start
from support.waiting import wait_for
from wesktop.sse import Broadcaster
from wesktop.sse import broadcaster as broadcasters
from wesktopd.bus.event_bus import READ_SIZE
from wesktopd.context import BUS_VARIABLE
from wesktopd.wire import bus_messages


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


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_is_there_as_soon_as_it_has_heard_all_that_is_kept(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUS_VARIABLE, str(supervisor.path))
    monkeypatch.setattr(broadcasters, "FORK_PATIENCE", 10.0)
    broadcaster = Broadcaster(strict=False, name="news")
    for _ in range(10):
        broadcaster.broadcast("e", "x" * 100_000)
    wait_for(lambda: len(logged(broadcaster)) == 10, "more than comes in one piece")
    child = os.fork()
    if not child:
        try:
            broadcaster.broadcast("e", "last")
        finally:
            os._exit(0 if broadcaster._bus.ready else 1)
    assert os.waitpid(child, 0)[1] == 0, "its patience was over"
    broadcaster._bus.close()


def test_what_a_process_has_sent_before_its_end_arrives_although_it_hears_nothing_more(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUS_VARIABLE, str(supervisor.path))
    hears = Broadcaster(strict=False, name="news")
    wait_for(lambda: hears._bus.ready, "the bus")
    join = bus_messages.Join(channel="news", max_events=1, max_bytes=1, max_seconds=1)
    sent = 0
    with supervisor.hang(), socket.socket(socket.AF_UNIX) as killed:
        killed.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 300_000)
        killed.connect(str(supervisor.path))
        killed.sendall(bus_messages.encode(join))
        killed.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            for number in range(1, 200):
                event = bus_messages.Publish(event="e", data="x" * 10_000, origin="killed", number=number)
                killed.sendall(bus_messages.encode(event))
                sent = number
    assert sent * 10_000 > READ_SIZE, "more than is read at once, before the first answer fails"
    hears.broadcast("e", "after")
    wait_for(lambda: len(logged(hears)) == sent + 1, "all events")
    hears._bus.close()
