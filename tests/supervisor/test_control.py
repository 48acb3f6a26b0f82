"""The control socket of a real supervisor, and those who misuse it."""

import contextlib
import json
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.scripts import Script, free_port, left_behind
from support.waiting import wait_for
from wesktopd import client
from wesktopd.errors import ControlTimeoutError, NotRunningError
from wesktopd.protocol import MAX_FRAME

NAME = "controlled"
SERVE = """
import wesktop

app = wesktop.create_app(wesktop.Router())

if __name__ == "__main__":
    wesktop.serve("controlled:app", port={port})
    print("ended")
"""


@pytest.fixture
def script(start_script: Callable[..., Script], home: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """A server named `controlled`, ready."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    started = start_script(NAME, SERVE.format(port=free_port()))
    wait_for(lambda: "serving" in started.output, f"the server; {started.output}")
    return started


@pytest.fixture
def connect(script: Script, home: Path) -> Iterator[Callable[[], socket.socket]]:
    """Connect to its control socket."""
    opened = []

    def call() -> socket.socket:
        assert script.process.poll() is None
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(home / "run" / "wesktop" / f"{NAME}.sock"))
        sock.settimeout(10)
        opened.append(sock)
        return sock

    yield call
    for sock in opened:
        sock.close()


Connect = Callable[[], socket.socket]


def ask(sock: socket.socket, line: bytes) -> dict[str, object]:
    sock.sendall(line + b"\n")
    answer: dict[str, object] = json.loads(sock.makefile("rb").readline())
    return answer


def test_socket_and_directory_are_for_their_owner_alone(script: Script, home: Path) -> None:
    assert script.pid
    directory = home / "run" / "wesktop"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / f"{NAME}.sock").stat().st_mode) == 0o600
    assert stat.S_IMODE((directory / f"{NAME}.lock").stat().st_mode) == 0o600


def test_every_answer_repeats_the_id_of_its_request(connect: Connect) -> None:
    sock = connect()
    assert ask(sock, b'{"type":"status","id":41}')["id"] == 41
    assert ask(sock, b'{"type":"focus","id":42}')["id"] == 42


@pytest.mark.parametrize("line", [b"garbage", b"[1]", b'{"type":"explode"}', b"\xff\xfe", b'{"type":"attach"}'])
def test_what_is_no_request_is_answered_and_the_connection_goes_on(connect: Connect, line: bytes) -> None:
    sock = connect()
    answer = ask(sock, line)
    assert (answer["type"], answer["error"]) == ("failed", "ControlError")
    assert ask(sock, b'{"type":"status"}')["type"] == "report"


def test_a_frame_without_end_closes_its_connection_alone(connect: Connect) -> None:
    sock, other = connect(), connect()
    with contextlib.suppress(ConnectionError):  # closed while it is still being sent, or when it is read
        sock.sendall(b"x" * (MAX_FRAME * 4))
        assert b"is longer than" in sock.makefile("rb").read()
    assert ask(other, b'{"type":"status"}')["type"] == "report"


def test_half_a_request_and_then_nothing_harms_nobody(connect: Connect) -> None:
    sock = connect()
    sock.sendall(b'{"type":"sta')
    sock.shutdown(socket.SHUT_WR)
    wait_for(lambda: sock.recv(1000) is not None, "an answer or the end")
    assert client.status(NAME).name == NAME


def test_two_hundred_silent_connections_leave_room_for_status(connect: Connect) -> None:
    for _ in range(200):
        connect()
    assert client.status(NAME).workers[0].state == "ready"


def test_of_too_many_connections_the_one_that_was_silent_for_longest_is_closed(connect: Connect) -> None:
    lease = connect()
    assert ask(lease, b'{"type":"attach","kind":"window"}')["type"] == "ready"
    held = [connect() for _ in range(256)]
    assert held[0].recv(1) == b""
    assert ask(held[-1], b'{"type":"status"}')["windows"] == 1
    assert client.status(NAME).windows == 1


def test_focus_without_a_window_is_refused(script: Script) -> None:
    assert script.pid
    assert client.focus(NAME) is False


def test_a_lease_hears_that_the_app_is_ready_and_that_it_ends(script: Script, connect: Connect) -> None:
    lease = connect().makefile("rwb")
    lease.write(b'{"type":"attach","id":5,"kind":"window"}\n')
    lease.flush()
    first = json.loads(lease.readline())
    assert (first["type"], first["id"]) == ("ready", 5)
    assert client.status(NAME).windows == 1
    script.process.terminate()
    assert [json.loads(line)["type"] for line in lease.readlines()] == ["end"]


def test_a_lease_hears_when_the_worker_is_away_and_back(script: Script, connect: Connect) -> None:
    lease = connect().makefile("rwb")
    lease.write(b'{"type":"attach","kind":"window"}\n')
    lease.flush()
    assert json.loads(lease.readline())["type"] == "ready"
    script.find("wesktopd.worker").kill()
    down = json.loads(lease.readline())
    assert (down["type"], down["reason"]) == ("down", "killed by SIGKILL")
    assert json.loads(lease.readline())["type"] == "ready"


def test_stop_waits_until_everything_is_given_back(script: Script, home: Path) -> None:
    client.stop(NAME, 10)
    assert left_behind(home) == []
    assert script.wait(5) == 0
    with pytest.raises(NotRunningError):
        client.status(NAME)


def test_a_supervisor_that_does_not_answer_is_given_up(script: Script) -> None:
    script.process.send_signal(19)  # SIGSTOP: it cannot answer
    try:
        with client.connect(NAME) as connection, pytest.raises(ControlTimeoutError):
            connection.receive(0.1)
    finally:
        script.process.send_signal(18)  # SIGCONT


def test_of_two_servers_of_a_name_one_wins(script: Script, start_script: Callable[..., Script]) -> None:
    second = start_script("second", f"import wesktop\nwesktop.serve('controlled:app', port={free_port()})")
    assert second.wait() == 1
    assert "AlreadyRunningError: 'controlled' runs already" in second.output
    assert client.status(NAME).pid == script.pid
