"""The control transport by TCP, whose ends cannot see each other: impostors of either side, and who listens in."""

import contextlib
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.running import NAME, Running, Start
from wesktopd import client
from wesktopd.control import connection
from wesktopd.errors import ControlTimeoutError, NotRunningError, WesktopError
from wesktopd.paths import AppPaths
from wesktopd.system import Lock
from wesktopd.system.posix.control_socket import SECRET_BYTES
from wesktopd.wire.control_messages import Status
from wesktopd.wire.greeting import MAX_LINE, ClientGreeting

STATUS = b'{"type":"status","id":7}\n'
Act = Callable[[socket.socket, bytes], None]


@pytest.fixture
def paths(home: Path, monkeypatch: pytest.MonkeyPatch) -> AppPaths:
    """Where an app's clients look, here too, by TCP."""
    (home / "run").mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("WESKTOP_CONTROL", "tcp")
    monkeypatch.setattr(connection, "GREETS_WITHIN", 0.3)
    return AppPaths(NAME)


class Impostor:
    """Listens where a supervisor that was killed did; its file is there, and its secret is not known here."""

    def __init__(self, paths: AppPaths, act: Act) -> None:
        self.heard = b""
        self.connections = 0
        self.secret = os.urandom(SECRET_BYTES).hex()
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0))
        paths.tcp.touch(mode=0o600)
        paths.tcp.write_text(f"{self._listener.getsockname()[1]} {self.secret}\n")
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._follow, args=(peer,), daemon=True).start()

    def _follow(self, peer: socket.socket) -> None:
        peer.settimeout(20)
        with peer, contextlib.suppress(OSError):
            while data := peer.recv(10_000):
                self.heard += data
                self._act(peer, data)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def impostor(paths: AppPaths) -> Iterator[Callable[[Act], Impostor]]:
    """Start one; the app's lock is held, as while its next supervisor starts."""
    lock = Lock(paths.lock)
    assert lock.acquire()
    started: list[Impostor] = []

    def start(act: Act) -> Impostor:
        started.append(Impostor(paths, act))
        return started[-1]

    yield start
    for each in started:
        each.close()
    lock.release()


def reflects(peer: socket.socket, data: bytes) -> None:
    peer.sendall(data)


def reflects_the_number(peer: socket.socket, data: bytes) -> None:
    number = data.split()[1]
    peer.sendall(number + b" " + number + b"\n")


def says_it_is_done(peer: socket.socket, _: bytes) -> None:
    peer.sendall(b'{"type":"done"}\n{"type":"bearertoken","token":"impostor"}\n')


def answers_with_garbage(peer: socket.socket, _: bytes) -> None:
    peer.sendall(b"\xff" * 300)


def never_ends_its_line(peer: socket.socket, _: bytes) -> None:
    while True:
        peer.sendall(b"0" * 100_000)


def speaks_http(peer: socket.socket, _: bytes) -> None:
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def is_silent(_: socket.socket, __: bytes) -> None:
    pass


def drips(peer: socket.socket, _: bytes) -> None:
    idle = threading.Event()
    for _each in range(10_000):
        peer.sendall(b"0")
        idle.wait(0.02)


def hangs_up(peer: socket.socket, _: bytes) -> None:
    peer.close()


@pytest.mark.parametrize(
    ("act", "error"),
    [
        *((act, NotRunningError) for act in (reflects, reflects_the_number, says_it_is_done, answers_with_garbage)),
        *((act, NotRunningError) for act in (never_ends_its_line, speaks_http)),
        *((act, ControlTimeoutError) for act in (is_silent, drips, hangs_up)),
    ],
)
def test_an_impostor_is_not_believed_and_learns_nothing(
    impostor: Callable[[Act], Impostor], act: Act, error: type[WesktopError]
) -> None:
    found = impostor(act)
    with pytest.raises(error):
        client.connect(NAME, patience=0.2)
    assert found.connections
    assert found.secret.encode() not in found.heard
    assert all(line.startswith(b"wesktop ") for line in found.heard.splitlines())  # no proof, and no request
    if act is not hangs_up:  # which may be a supervisor with too much to do, and is asked again
        assert found.connections == 1


@pytest.mark.parametrize("act", [says_it_is_done, is_silent])
def test_a_dead_supervisors_file_is_not_followed(paths: AppPaths, act: Act) -> None:
    found = Impostor(paths, act)
    for ask in (client.status, client.bearer, client.link):
        with pytest.raises(NotRunningError, match="is not running"):
            ask(NAME)
    assert client.running() == []
    found.close()
    assert found.connections == 0


# A real supervisor.


@pytest.fixture
def app(paths: AppPaths, start_app: Start) -> Running:
    """An app with a session, to be reached by TCP."""
    del paths
    return start_app("--session", WESKTOP_CONTROL="tcp")


class Tap:
    """Stands between a client and the server, and notes what each says."""

    def __init__(self, paths: AppPaths) -> None:
        port, _, secret = paths.tcp.read_text().partition(" ")
        self._server = ("127.0.0.1", int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.said: dict[str, bytes] = {"client": b"", "server": b""}
        paths.tcp.write_text(f"{self._listener.getsockname()[1]} {secret}")
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    def _relay(self) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(self._server) as server:
            back = threading.Thread(target=self._pass_on, args=("server", server, client), daemon=True)
            back.start()
            self._pass_on("client", client, server)
            back.join(20)

    def _pass_on(self, who: str, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(10_000):
                self.said[who] += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> dict[str, bytes]:
        self._thread.join(20)
        self._listener.close()
        return self.said


def test_whoever_listens_in_hears_no_secret_and_can_replay_nothing(app: Running, paths: AppPaths) -> None:
    del app
    before = paths.tcp.read_text()
    tap = Tap(paths)
    assert client.status(NAME).name == NAME
    said = tap.close()
    paths.tcp.write_text(before)
    assert before.split()[1].encode() not in said["client"] + said["server"]
    assert b'"report"' in said["server"]
    assert answered(paths, said["client"]) == answered(paths, *said["client"].splitlines(keepends=True)) == []
    replayed = Impostor(paths, lambda peer, _: peer.sendall(said["server"]))
    with pytest.raises(NotRunningError):
        client.status(NAME)
    assert len(replayed.heard) < MAX_LINE
    replayed.close()


def answered(paths: AppPaths, *said: bytes) -> list[bytes]:
    """What the server says to a client that says this, line by line, besides its own challenge."""
    port = int(paths.tcp.read_text().split()[0])
    lines: list[bytes] = []
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:  # it is hung up on
        peer = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
        answers = stack.enter_context(peer.makefile("rb"))
        for piece in said:
            peer.sendall(piece)
            lines.append(answers.readline())
        peer.shutdown(socket.SHUT_WR)
        lines += answers.readlines()
    return [line for line in lines if line and not re.fullmatch(rb"[0-9a-f]{64} [0-9a-f]{64}\n", line)]


HELLO = b"wesktop " + b"0" * 64 + b"\n"


def test_a_client_without_the_secret_is_answered_nothing(app: Running, paths: AppPaths) -> None:
    del app
    for said in (
        [STATUS],
        [HELLO + STATUS],
        [HELLO, STATUS],
        [HELLO, HELLO, STATUS],
        [HELLO, b"\n" + STATUS],
        [HELLO, b"0" * 64 + b"\n" + STATUS],
        [b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + STATUS],
        [b"x" * 100_000],
    ):
        assert answered(paths, *said) == [], said
    assert client.status(NAME).name == NAME


def test_a_client_that_sends_back_what_the_server_has_said_is_hung_up_on(app: Running, paths: AppPaths) -> None:
    del app
    port = int(paths.tcp.read_text().split()[0])
    with socket.create_connection(("127.0.0.1", port), 20) as peer, peer.makefile("rb") as answers:
        peer.sendall(HELLO)
        number, proof = answers.readline().split()
        with contextlib.suppress(ConnectionError):
            peer.sendall(proof + b"\n" + number + b"\n" + STATUS)
            assert answers.read() == b""


def test_a_greeting_may_come_in_pieces_with_its_first_request(app: Running, paths: AppPaths) -> None:
    del app
    port, secret = paths.tcp.read_text().split()
    greeting = ClientGreeting(secret)
    with socket.create_connection(("127.0.0.1", int(port)), 20) as peer, peer.makefile("rb") as answers:
        for byte in greeting.hello:
            peer.sendall(bytes([byte]))
        peer.sendall(greeting.answer(answers.readline()) + b'{"type":"sta')
        peer.sendall(STATUS.removeprefix(b'{"type":"sta'))
        answer = json.loads(answers.readline())
        assert (answer["type"], answer["id"]) == ("report", 7)


def test_strangers_that_are_silent_or_half_open_displace_nobody_who_has_proved_himself(
    app: Running, paths: AppPaths
) -> None:
    del app
    port = int(paths.tcp.read_text().split()[0])
    with contextlib.ExitStack() as held:
        follower = held.enter_context(client.connect(NAME))
        follower.ask(Status())
        for number in range(600):
            peer = held.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            with contextlib.suppress(ConnectionError):
                peer.sendall(HELLO if number % 2 else HELLO[:20])
                if number % 3 == 0:
                    peer.shutdown(socket.SHUT_WR)
        assert client.status(NAME).name == NAME
        assert follower.ask(Status()) is not None


def test_its_file_is_for_its_owner_alone_and_gone_at_the_end(app: Running, paths: AppPaths) -> None:
    assert paths.tcp.stat().st_mode & 0o777 == 0o600
    assert paths.tcp.parent.stat().st_mode & 0o777 == 0o700
    app.ctl("stop", NAME)
    assert not paths.tcp.exists()
