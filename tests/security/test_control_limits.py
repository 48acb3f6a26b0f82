"""The control socket and the event bus, for those who may connect: what is said there is bounded, and only that."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from support.running import NAME, Running, Start
from support.waiting import wait_for
from wesktopd import client
from wesktopd.bus import event_bus as bus_module
from wesktopd.bus.event_bus import Bus
from wesktopd.control import server_connection as client_connection
from wesktopd.control.server import ControlServer, RequestHandler
from wesktopd.control.server_connection import MAX_REQUESTS
from wesktopd.errors import ConfigurationError, ControlError, StartupError, WesktopError, from_wire
from wesktopd.paths import AppPaths
from wesktopd.system import control_socket
from wesktopd.system.posix import peers
from wesktopd.wire.bus_messages import MAX_LINE
from wesktopd.wire.control_messages import MAX_FRAME, Request, Stop, decode_request
from wesktopd.wire.greeting import ClientGreeting, ServerGreeting

JOIN = b'{"type":"join","channel":"c","max_events":10,"max_bytes":1000,"max_seconds":1}\n'
SECRET = b"a" * 64
PUBLISH = b'{"type":"publish","event":"e","data":"d","origin":"o","number":1}\n'


# Without a process: what is decided.


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("StartupError", StartupError),
        ("ConfigurationError", ConfigurationError),
        ("WesktopError", WesktopError),
        *((name, WesktopError) for name in ("SystemExit", "OSError", "os.system", "__class__", "object", "", "\0")),
    ],
)
def test_an_error_from_the_wire_is_of_a_fixed_table_and_of_nothing_else(name: str, kind: type) -> None:
    assert type(from_wire(name, "a sentence.")) is kind


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"__init__"}',
        b'{"type":"report"}',  # an answer is no request
        b'{"type":"Status"}',
        b'{"type":"scale","workers":"2"}',
        b'{"type":"scale","workers":1e999}',
        b'{"type":"attach","kind":"starter"}',  # the lease that a channel alone can give
        b'{"type":"not\xa5"}',
        b'{"type":"emit","event":"\\ud800","data":""}',
        b"[" * 60_000,
        b'{"type":"status","id":' + b"[" * 60_000,
        b"",
    ],
)
def test_what_is_no_request_is_refused_in_a_sentence(line: bytes) -> None:
    with pytest.raises(ControlError, match="not a request: "):
        decode_request(line)


@pytest.mark.parametrize(
    ("credentials", "uid"),
    [
        (struct.pack("3i", 12, 1000, 100), 1000),
        (struct.pack("IIh2x16I", 0, 501, 1, *range(16)), 501),
        (struct.pack("IIh2x16I", 1, 501, 1, *range(16)), None),  # another version of the structure
        (b"", None),
        (b"\0" * 11, None),
    ],
)
def test_who_a_peer_is_by_what_the_kernel_tells(credentials: bytes, uid: int | None) -> None:
    assert peers.uid_in(credentials) == uid


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"8000 %b\n" % SECRET, (8000, SECRET.decode())),
        (b"65535 " + SECRET, (65535, SECRET.decode())),
        *((b"%b %b\n" % (port, SECRET), None) for port in (b"0", b"65536", b"-1", b"9" * 20, b"\xd9\xa3", b"")),
        *(
            (b"1 %b\n" % secret, None)
            for secret in (b"", SECRET[:-1], SECRET + b"0", SECRET.upper(), SECRET + b"\nx")
        ),
        *((content, None) for content in (b"", b"8000", b"8000 s3cret\n", b"\xff\xfe")),
    ],
)
def test_a_port_and_a_secret_are_read_or_nothing_is(content: bytes, found: tuple[int, str] | None) -> None:
    assert control_socket.parse(content) == found


# A connection, and its deadline.


def served(adopt: Callable[[socket.socket], Awaitable[object]], talk: Callable[[socket.socket], object]) -> object:
    """Serve one end of a socket pair, while a thread talks at the other; what `talk` returns."""

    async def run() -> object:
        ours, theirs = socket.socketpair()
        theirs.settimeout(20)
        with theirs:
            await adopt(ours)
            return await asyncio.to_thread(talk, theirs)

    return asyncio.run(run())


class Listening(ControlServer):
    """Notes what it is asked, and answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = cast("RequestHandler", self)
        self.asked: list[Request] = []

    def answer(self, connection: client_connection.ClientConnection, request: Request) -> None:  # noqa: ARG002
        self.asked.append(request)


def by_the_control_server(
    secret: str | None = None, server: Listening | None = None
) -> Callable[[socket.socket], Awaitable[object]]:
    server = server or Listening()

    async def adopt(connection: socket.socket) -> object:
        return await asyncio.get_running_loop().connect_accepted_socket(
            lambda: client_connection.ClientConnection(server, ServerGreeting(secret) if secret else None), connection
        )

    return adopt


async def by_the_bus(connection: socket.socket) -> object:
    return await asyncio.get_running_loop().connect_accepted_socket(lambda: bus_module.Member(Bus()), connection)


def drips(peer: socket.socket) -> bytes:
    """Say a byte as often as it takes to be hung up on."""
    peer.settimeout(0.02)
    for _ in range(500):
        try:
            peer.sendall(b"x")
            return peer.recv(100)
        except TimeoutError:
            continue
        except ConnectionError:
            return b""
    raise AssertionError("a frame without end is waited for")


def says(*what: bytes) -> Callable[[socket.socket], bytes]:
    def talk(peer: socket.socket) -> bytes:
        peer.sendall(b"".join(what))
        try:
            return b"".join(iter(lambda: peer.recv(100_000), b""))
        except ConnectionError:
            return b""

    return talk


def test_a_client_that_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connection, "IDLE_TIMEOUT", 0.1)
    assert served(by_the_control_server(), says(b"")) == b""


def test_a_client_that_sends_its_frame_a_byte_at_a_time_has_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connection, "IDLE_TIMEOUT", 0.2)
    assert served(by_the_control_server(), drips) == b""


def test_who_does_not_prove_himself_soon_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connection, "GREETING_TIMEOUT", 0.2)
    assert served(by_the_control_server("secret"), drips) == b""


def test_a_whole_line_of_the_greeting_puts_its_end_off_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connection, "GREETING_TIMEOUT", 0.2)

    def talk(peer: socket.socket) -> bytes:
        peer.sendall(ClientGreeting("secret").hello)
        assert len(peer.recv(1000)) == 130
        return peer.recv(100)

    assert served(by_the_control_server("secret"), talk) == b""


def test_before_the_proof_a_line_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connection, "GREETING_TIMEOUT", 60.0)
    assert served(by_the_control_server("secret"), says(b"x" * 200)) == b""


def proves(peer: socket.socket, secret: str) -> bytes:
    """Greet, and return the proof that is to follow."""
    greeting = ClientGreeting(secret)
    peer.sendall(greeting.hello)
    return greeting.answer(peer.recv(1000))


def test_after_a_wrong_proof_the_right_one_counts_for_nothing() -> None:
    server = Listening()

    def talk(peer: socket.socket) -> object:
        return says(b"0" * 64 + b"\n" + proves(peer, "right") + b'{"type":"stop"}\n')(peer)

    assert served(by_the_control_server("right", server), talk) == b""
    assert server.asked == []


def test_after_the_right_proof_a_request_is_heard_in_the_same_piece() -> None:
    server = Listening()

    def talk(peer: socket.socket) -> None:
        peer.sendall(proves(peer, "right") + STOP.ljust(MAX_FRAME) + b"\n")
        wait_for(lambda: server.asked, "the request")

    served(by_the_control_server("right", server), talk)
    assert server.asked == [Stop()]


def test_what_follows_the_end_of_a_connection_is_not_heard() -> None:
    server = Listening()
    connection = client_connection.ClientConnection(server, None)

    async def run() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, ours)
            connection.abort()
            connection.data_received(b'{"type":"stop"}\n' * 3)

    asyncio.run(run())
    assert server.asked == []


def test_a_process_that_joins_no_channel_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "JOIN_TIMEOUT", 0.1)
    assert served(by_the_bus, says(b"")) == b""


@pytest.mark.parametrize(
    "what",
    [
        PUBLISH,
        b'{"type":"join"}\n',
        b'{"type":"\xa5"}\n',
        b"\n",
        b"x" * (MAX_LINE + 1),
        JOIN + JOIN,
        JOIN + b'{"type":"publish","event":"e","data":"d","origin":"o","number":1e999}\n',
    ],
)
def test_who_says_something_else_on_the_bus_is_hung_up_on(what: bytes) -> None:
    said = served(by_the_bus, says(what))
    assert isinstance(said, bytes)
    assert b'"sent"' not in said


def test_a_message_of_a_later_release_is_skipped_on_the_bus() -> None:
    unknown = b'{"type":"leave","why":"to be seen"}\n{"type":"joined","epoch":"","after":0}\n'

    def talk(peer: socket.socket) -> list[str]:
        peer.sendall(unknown + JOIN + unknown + PUBLISH)
        with peer.makefile("rb") as lines:
            return [json.loads(lines.readline())["type"] for _ in range(3)]

    assert served(by_the_bus, talk) == ["joined", "synced", "sent"]


STOP = b'{"type":"stop"}'


@pytest.mark.parametrize("size", [1, 7, MAX_FRAME])
@pytest.mark.parametrize(
    ("what", "asked"),
    [
        (STOP + b"\n" + STOP + b"\n", 2),
        (STOP + b"\r\n", 1),
        (b"\n\r\n \n" + STOP + b"\n", 1),
        (STOP.ljust(MAX_FRAME) + b"\n", 1),
        (b"\0\n" + STOP + b"\n", 1),
        (STOP, 0),
        (STOP + b"\n" + b"x" * (MAX_FRAME + 1), 1),
        (STOP + b"\n" + STOP.ljust(MAX_FRAME + 1) + b"\n" + STOP + b"\n", 1),
    ],
    ids=["two", "CRLF", "empty lines", "of the limit", "NUL", "half", "too long", "one too long between"],
)
def test_frames_are_heard_in_whatever_pieces_they_come(what: bytes, asked: int, size: int) -> None:
    server = Listening()

    def talk(peer: socket.socket) -> bytes:
        for start in range(0, len(what), size):
            peer.sendall(what[start : start + size])
        peer.shutdown(socket.SHUT_WR)
        return says()(peer)

    with contextlib.suppress(ConnectionError):
        served(by_the_control_server(server=server), talk)
    assert server.asked == [Stop()] * asked


# A real supervisor.


@pytest.fixture
def app(start_app: Start, home: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A running app that has printed much, to be reached from here."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    return start_app(more="for _ in range(300): print('x' * 1000)")


def test_of_too_many_requests_at_once_the_last_are_refused_and_the_connection_goes_on(app: Running) -> None:
    assert app.ctl("status")
    with control_socket.connect(AppPaths(NAME).control, 10) as peer, peer.makefile("rb") as answers:
        asked = MAX_REQUESTS + 20
        peer.sendall(
            b"".join(b'{"type":"events","follow":true,"id":%d}\n' % number for number in range(1, 1 + asked))
        )
        peer.sendall(b'{"type":"nothing","id":999}\n')
        refused = []
        while (answer := json.loads(answers.readline()))["id"] != 999:
            if answer["type"] == "failed":
                refused.append(answer)
        assert [answer["id"] for answer in refused] == [*range(MAX_REQUESTS + 1, asked + 1)]
        assert refused[0]["message"] == (
            f"{MAX_REQUESTS} requests of this connection are being carried out: wait for an answer."
        )


@pytest.mark.parametrize("request_line", [b'{"type":"logs"}\n', b'{"type":"status"}\n', b'{"type":"nothing"}\n'])
def test_a_client_that_asks_without_end_and_never_reads_holds_up_nobody(app: Running, request_line: bytes) -> None:
    with control_socket.connect(AppPaths(NAME).control, 10) as peer:
        peer.setblocking(False)
        flood = request_line * (MAX_FRAME // len(request_line))
        with contextlib.suppress(BlockingIOError, ConnectionError):  # its buffer is full; or it was hung up on
            for _ in range(10_000):
                peer.send(flood)
        assert client.status(NAME).name == NAME  # within its time limit of five seconds
