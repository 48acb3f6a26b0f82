"""What a worker that retires still has to answer, and how it stops accepting."""

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from support.waiting import wait_for
from wesktopd.system import Gate, answered
from wesktopd.system.posix import stop_accepting
from wesktopd.system.posix.accepted_connections import Address, Connection, accepted, is_same, look
from wesktopd.system.posix.stop_accepting import GUESS, is_quiet

NEW = Connection(unread=False, sent=0)
ASKED = Connection(unread=True, sent=0)
ASKED_AGAIN = Connection(unread=True, sent=99)
ANSWERED = Connection(unread=False, sent=99)
UNTOLD = Connection(unread=False, sent=None)
UNTOLD_ASKED = Connection(unread=True, sent=None)


@pytest.mark.parametrize(
    ("connections", "waited", "quiet"),
    [
        ([], 0.0, True),
        ([ANSWERED, ANSWERED], 0.0, True),
        ([ANSWERED, NEW], 0.0, False),
        ([NEW], 3600.0, False),
        ([ASKED], 3600.0, False),
        ([ASKED_AGAIN], 3600.0, False),
        ([UNTOLD], 0.0, False),
        ([UNTOLD], GUESS, True),
        ([UNTOLD_ASKED], GUESS, False),
        (None, 0.0, False),
        (None, GUESS, True),
    ],
)
def test_it_is_quiet_when_each_connection_has_had_its_answer(
    connections: list[Connection] | None, waited: float, quiet: bool
) -> None:
    assert is_quiet(connections, waited) is quiet


@pytest.mark.parametrize(
    ("name", "listening", "same"),
    [
        (("127.0.0.1", 80), ("127.0.0.1", 80), True),
        (("127.0.0.1", 80), ("127.0.0.1", 81), False),
        (("127.0.0.1", 80), ("127.0.0.2", 80), False),
        (("127.0.0.1", 80), ("0.0.0.0", 80), True),
        (("::ffff:127.0.0.1", 80, 0, 0), ("::", 80, 0, 0), True),
        (("::1", 80, 0, 0), ("::1", 80, 0, 0), True),
        ("/run/socket", "/run/socket", True),
        ("/run/other", "/run/socket", False),
        ("", "/run/socket", False),
        ("", ("127.0.0.1", 80), False),
    ],
)
def test_a_connection_is_a_listeners_by_its_own_address(name: Address, listening: Address, same: bool) -> None:
    assert is_same(name, listening) is same


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def pair(listener: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client, and what was accepted of it."""
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        server.setblocking(False)
        yield client, server


def state(address: Address) -> list[Connection | None]:
    return [look(sock) for sock in accepted(address)]


def test_the_kernel_tells_of_each_connection_that_was_accepted(
    listener: socket.socket, pair: tuple[socket.socket, socket.socket]
) -> None:
    client, server = pair
    address = listener.getsockname()
    assert state(address) == [NEW]
    client.sendall(b"GET")
    wait_for(lambda: state(address) == [ASKED], "the request")
    assert server.recv(10) == b"GET"
    assert state(address) == [NEW]
    server.sendall(b"x" * 99)
    wait_for(lambda: state(address) == [ANSWERED], "the answer")
    client.sendall(b"GET")
    wait_for(lambda: state(address) == [ASKED_AGAIN], "the next request")
    server.recv(10)
    client.close()
    wait_for(lambda: state(address) == [None], "the client's end")
    server.close()
    assert state(address) == []


def test_what_the_app_has_opened_itself_is_left_as_it_is(
    listener: socket.socket, pair: tuple[socket.socket, socket.socket]
) -> None:
    client, server = pair
    socket.setdefaulttimeout(5)
    try:
        assert [sock.fileno() for sock in accepted(listener.getsockname())] == [server.fileno()]
    finally:
        socket.setdefaulttimeout(None)
    assert os.get_blocking(client.fileno())
    assert os.get_blocking(listener.fileno())


def test_answered_waits_for_the_answers_and_no_longer(
    listener: socket.socket, pair: tuple[socket.socket, socket.socket]
) -> None:
    _, server = pair

    async def scenario() -> bool:
        waiting = asyncio.ensure_future(answered(listener.getsockname()))
        await asyncio.sleep(2 * GUESS)
        waited = not waiting.done()
        server.send(b"an answer")
        await asyncio.wait_for(waiting, 20)
        return waited

    assert asyncio.run(scenario())


def test_where_nothing_can_be_asked_a_time_is_waited_for(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: Address) -> Iterator[socket.socket]:
        raise OSError("no descriptor is left")

    monkeypatch.setattr(stop_accepting, "accepted", refuses)

    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.wait_for(answered(listener.getsockname()), 20)
        return loop.time() - began

    assert asyncio.run(scenario()) >= GUESS


def test_a_gate_that_is_shut_leaves_those_who_come_to_others(listener: socket.socket) -> None:
    listener.setblocking(False)
    with listener.dup() as others:
        gate = Gate(listener)
        gate.shut()
        gate.shut()
        with socket.create_connection(others.getsockname(), 20) as client:
            with pytest.raises(BlockingIOError):
                listener.accept()
            accepted_by_others, name = others.accept()
            accepted_by_others.close()
            assert name == client.getsockname()
