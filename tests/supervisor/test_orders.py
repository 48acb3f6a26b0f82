"""What a worker is told over its channel, in pieces and in lines that it does not understand."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.waiting import wait_for
from wesktopd.channel import RETIRE, STOP, Launch, WorkerSpec, encode, hand_over, orders
from wesktopd.launch import Launched, launch_worker

LINE, OTHER = encode(Launch(["rs{"], "/")), encode(Launch(["x" * 100_000], "/"))
HALF = LINE[: len(LINE) // 2]
APP = """
from pathlib import Path
import wesktop

def launched(arguments, directory):
    Path(directory, "heard").write_text(arguments[0])

app = wesktop.create_app(wesktop.Router())
"""
NOT_UNDERSTOOD = [
    b'{"type":\n',
    b'{"type": "Launch", "arguments": ["a"\n',
    b'{"type": "Launch", "arguments": ["a"]}\n',
    b'{"type": "Praise"}\n',
    b"{}\n",
    b'{"\xff": 1}\n',
    HALF + encode(Launch(["swallowed"], "/")),
]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ([], []),
        ([STOP], [STOP]),
        ([LINE + RETIRE], [LINE, RETIRE]),
        ([LINE + OTHER, STOP + LINE], [LINE, OTHER, STOP, LINE]),
        ([bytes([byte]) for byte in LINE + RETIRE + LINE], [LINE, RETIRE, LINE]),
        ([LINE + HALF], [LINE]),
    ],
)
def test_bytes_and_lines_are_told_apart_however_they_come_and_half_a_line_is_nothing(
    said: list[bytes], heard: list[bytes]
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024 * 1024)
        for piece in said:
            ours.sendall(piece)
        ours.shutdown(socket.SHUT_WR)
        assert [*orders(theirs)] == heard


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Launched]:
    """A worker that serves, and calls the app's function for launches."""
    (tmp_path / "app.py").write_text(APP)
    spec = WorkerSpec(
        target="app:app",
        working_dir=str(tmp_path),
        import_path=[str(tmp_path)],
        factory=False,
        drain_timeout=5.0,
        beat_every=5.0,
        access_log=False,
        name="app",
        host="127.0.0.1",
        on_launch="app:launched",
    )
    with socket.create_server(("127.0.0.1", 0)) as listener, launch_worker() as worker:
        listener.setblocking(False)
        hand_over(worker.channel, spec, listener)
        worker.channel.settimeout(20)
        assert b"Serving" in worker.channel.recv(4096)
        yield worker


@pytest.mark.parametrize("line", NOT_UNDERSTOOD)
def test_a_line_that_a_worker_does_not_understand_is_logged_and_it_hears_what_follows(
    worker: Launched, tmp_path: Path, line: bytes
) -> None:
    worker.tell(line + encode(Launch(["a launch"], str(tmp_path))))
    heard = tmp_path / "heard"
    wait_for(lambda: heard.exists() and heard.read_text() == "a launch", "the launch")
    worker.tell(RETIRE)
    assert worker.process.wait(20) == 0
    assert worker.process.stderr is not None
    assert b"what the supervisor has said is lost" in worker.process.stderr.read()
