"""The supervisor's bus of another release, or one that is broken; the test is the bus."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from buses.servers import told
from support.waiting import wait_for
from wesktop.sse import Broadcaster
from wesktop.sse.buses import supervisor_bus
from wesktopd.context import BUS_VARIABLE


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where the app's broadcasters look for their bus."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "bus"))
        listener.listen()
        listener.settimeout(20)
        monkeypatch.setenv(BUS_VARIABLE, str(tmp_path / "bus"))
        yield listener


@pytest.fixture
def broadcaster(listener: socket.socket) -> Iterator[Broadcaster]:
    """A broadcaster on this bus."""
    made = Broadcaster(strict=False, name="news")
    yield made
    made._bus.close()


def say(connection: socket.socket, *messages: dict[str, Any]) -> None:
    connection.sendall(b"".join(json.dumps(message).encode() + b"\n" for message in messages))


def sent(seq: int, data: str) -> dict[str, Any]:
    return {"type": "sent", "seq": seq, "at": time.time(), "event": "e", "data": data, "origin": "o", "number": seq}


def accept(listener: socket.socket) -> tuple[socket.socket, dict[str, Any]]:
    """The next connection, and what it says first."""
    connection, _ = listener.accept()
    connection.settimeout(20)
    with connection.makefile("rb") as lines:
        return connection, json.loads(lines.readline())


def test_messages_of_a_later_release_are_skipped_and_the_connection_goes_on(
    listener: socket.socket, broadcaster: Broadcaster
) -> None:
    connection, join = accept(listener)
    with connection:
        assert join["type"] == "join"
        unknown = {"type": "praise", "of": ["n", {"e": 1}]}
        say(connection, unknown, {"type": "joined", "epoch": "x", "after": 0}, unknown, sent(1, "one"))
        say(connection, {"type": "synced"}, unknown, sent(2, "two"))
        wait_for(lambda: told(broadcaster) == [("e", "one"), ("e", "two")], "the events")
        broadcaster.broadcast("e", 3)
        with connection.makefile("rb") as lines:
            assert json.loads(lines.readline())["data"] == "3", "over the same connection"


def test_a_bus_that_goes_wrong_each_time_is_tried_ever_less_often_until_it_does_not(
    listener: socket.socket,
    broadcaster: Broadcaster,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waited: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, time=time.time, sleep=waited.append)
    monkeypatch.setattr(supervisor_bus, "time", clock)
    for number in range(8):
        connection, _ = accept(listener)
        with connection:
            say(connection, {"type": "joined", "epoch": "x", "after": 0})
            connection.sendall(b"garbage\n")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100) == b""
        wait_for(lambda number=number: len(waited) > number, "it to give up this one")  # type: ignore[misc]
    assert waited == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]
    assert caplog.text.count("has failed; trying again") == 8
    for after in (0.02, 0.02):
        connection, _ = accept(listener)
        with connection:
            say(connection, {"type": "joined", "epoch": "x", "after": 0}, {"type": "synced"})
            wait_for(lambda: broadcaster._bus.ready, "the bus")
            waited.clear()
        wait_for(lambda: waited, "the next try")
        assert waited == [after]
