"""The channel between a process and its parent: messages in any pieces, of other releases, and what is no message."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.waiting import wait_for
from wesktopd.system import ChildProcess, hand_over_listener, read_line, read_lines, start_worker, take_over_listener
from wesktopd.system.posix.channel import READ_SIZE
from wesktopd.wire.worker_messages import (
    FROM_WORKER,
    MAX_LINE,
    TO_WORKER,
    Accept,
    GoTo,
    Heartbeat,
    Redeem,
    Redeemed,
    Refused,
    Retire,
    Serving,
    StartRequest,
    Stop,
    StoppedAccepting,
    WorkerSpec,
    decode,
    encode,
)

LAUNCH, LONG_LAUNCH = encode(StartRequest(["rs{"], "/")), encode(StartRequest(["x" * 100_000], "/"))
HALF = LAUNCH[: len(LAUNCH) // 2]
APP = """
from pathlib import Path
import wesktop

def launched(arguments, directory):
    Path(directory, "heard").write_text(arguments[0])

app = wesktop.create_app(wesktop.Router())
"""
NO_MESSAGES = [
    b"",
    b"stop",
    b"[]",
    b"{}",
    b'"stop"',
    b"5",
    b"null",
    b'{"type":',
    b'{"type": ["stop"]}',
    b'{"type": "startrequest", "arguments": ["a"',
    b'{"type": "startrequest", "arguments": ["a"]}',
    b'{"\xff": 1}',
    b"[" * 100_000,
]
MESSAGES = [
    Serving(),
    Refused("StartupError", "no"),
    StoppedAccepting(),
    Heartbeat(2, 0.5),
    Redeem(1, "t"),
    GoTo("/"),
    Accept(),
    Stop(),
    Retire(),
    Redeemed(1, True),
    StartRequest(["a"], "/"),
]


def worker_spec(directory: Path, target: str = "app:app") -> WorkerSpec:
    return WorkerSpec(
        target=target,
        working_dir=str(directory),
        import_path=[str(directory)],
        factory=False,
        drain_timeout=5.0,
        beat_every=5.0,
        access_log=False,
        name="app",
        host="127.0.0.1",
        on_launch="app:launched",
    )


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A channel, with room for all that is sent here."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024 * 1024)
        theirs.settimeout(20)
        yield ours, theirs


# Messages.


def test_there_is_a_test_of_every_message() -> None:
    assert {type(message) for message in MESSAGES} == {*FROM_WORKER, *TO_WORKER}


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_survive_the_wire(message: object) -> None:
    assert decode(encode(message), *FROM_WORKER, *TO_WORKER) == message


@pytest.mark.parametrize("line", [b'{"type": "praise", "of": 1}', encode(Heartbeat(0, 0.0)), b'{"type": "Stop"}'])
def test_a_type_that_is_not_known_is_skipped(line: bytes) -> None:
    assert decode(line, *TO_WORKER) is None


def test_a_field_that_is_not_known_is_left_out() -> None:
    assert decode(b'{"type": "redeemed", "number": 1, "admitted": true, "since": "2.0"}', *TO_WORKER) == Redeemed(
        1, True
    )


@pytest.mark.parametrize("line", NO_MESSAGES)
def test_what_is_no_message_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a message: "):
        decode(line, *TO_WORKER)


# Over a socket.


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ([], []),
        ([encode(Stop())], [Stop()]),
        ([LAUNCH + encode(Retire())], [StartRequest(["rs{"], "/"), Retire()]),
        (
            [LONG_LAUNCH, encode(Stop()) + LAUNCH],
            [StartRequest(["x" * 100_000], "/"), Stop(), StartRequest(["rs{"], "/")],
        ),
        ([bytes([byte]) for byte in LAUNCH + encode(Retire())], [StartRequest(["rs{"], "/"), Retire()]),
        ([LAUNCH + HALF], [StartRequest(["rs{"], "/")]),
    ],
)
def test_messages_are_told_apart_however_they_come_and_half_of_one_is_nothing(
    pair: tuple[socket.socket, socket.socket], said: list[bytes], heard: list[object]
) -> None:
    ours, theirs = pair
    for piece in said:
        ours.sendall(piece)
    ours.shutdown(socket.SHUT_WR)
    assert [decode(line, *TO_WORKER) for line in read_lines(theirs)] == heard


@pytest.mark.parametrize("length", [1, 100_000])
def test_what_is_said_right_behind_a_spec_is_heard_after_it(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path, length: int
) -> None:
    ours, theirs = pair
    spec = worker_spec(tmp_path, target="x" * length)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hand_over_listener(ours, spec, listener)
        ours.sendall(encode(Retire()) + LAUNCH)
        taken = take_over_listener(theirs)
        assert taken is not None
        line, given = taken
        with given:
            assert given.getsockname() == listener.getsockname()
            assert not os.get_inheritable(given.fileno())
    assert decode(line, WorkerSpec) == spec
    lines = read_lines(theirs)
    assert [decode(next(lines), *TO_WORKER) for _ in range(2)] == [Retire(), StartRequest(["rs{"], "/")]


@pytest.mark.parametrize("sent", [b"", HALF])
def test_a_channel_that_ends_before_the_whole_spec_gives_none(
    pair: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    ours, theirs = pair
    ours.sendall(sent)
    ours.shutdown(socket.SHUT_WR)
    assert take_over_listener(theirs) is None


class Counting(socket.socket):
    """Counts how often it is asked for bytes."""

    asked = 0

    def recv(self, *arguments: int) -> bytes:
        """See socket."""
        self.asked += 1
        return super().recv(*arguments)


def test_a_long_line_is_read_in_few_calls(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sent = b"x" * 150_000 + b"\n"
    ours.sendall(sent + b"rest")
    with Counting(fileno=theirs.detach()) as counting:
        assert read_line(counting) == sent
        assert counting.asked <= 4 * (len(sent) // READ_SIZE + 1)  # each time a look, and what was seen
        assert counting.recv(100) == b"rest"


# A worker.


@pytest.fixture
def start_serving_worker(tmp_path: Path) -> Iterator[Callable[[], ChildProcess]]:
    """Start a worker that serves, and calls the app's function for launches."""
    (tmp_path / "app.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as listener, start_worker() as worker:
        listener.setblocking(False)

        def start() -> ChildProcess:
            hand_over_listener(worker.channel, worker_spec(tmp_path), listener)
            worker.channel.settimeout(20)
            assert decode(read_line(worker.channel), *FROM_WORKER) == Serving()
            return worker

        yield start


def stderr_after(worker: ChildProcess, tmp_path: Path, line: bytes) -> bytes:
    """Tell a worker this, and a launch behind it, which it hears; what it has printed at its end."""
    worker.send(line + encode(StartRequest(["a launch"], str(tmp_path))))
    heard = tmp_path / "heard"
    wait_for(lambda: heard.exists() and heard.read_text() == "a launch", "the launch")
    worker.send(encode(Retire()))
    assert worker.process.wait(20) == 0
    assert worker.process.stderr is not None
    return worker.process.stderr.read()


@pytest.mark.parametrize(
    "line",
    [
        b"\0\n",
        *(line + b"\n" for line in NO_MESSAGES[-3:]),
        HALF + encode(StartRequest(["swallowed"], "/")),
        b"x" * (MAX_LINE + 1) + b"\n",
    ],
    ids=["nul", "missing field", "no UTF-8", "nested", "half", "too long"],
)
def test_a_line_that_a_worker_does_not_understand_is_logged_and_it_hears_what_follows(
    start_serving_worker: Callable[[], ChildProcess], tmp_path: Path, line: bytes
) -> None:
    assert b"a message of the supervisor is lost" in stderr_after(start_serving_worker(), tmp_path, line)


def test_a_worker_skips_a_message_of_a_later_release(
    start_serving_worker: Callable[[], ChildProcess], tmp_path: Path
) -> None:
    assert stderr_after(start_serving_worker(), tmp_path, b'{"type": "praise", "for": "serving"}\n') == b""


def test_a_worker_that_is_raised_to_stop_right_behind_its_spec_ends(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as listener, start_worker() as worker:
        hand_over_listener(worker.channel, worker_spec(tmp_path), listener)
        worker.send(encode(Stop()))
        assert worker.process.wait(20) == 0
