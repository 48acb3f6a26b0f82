"""What a client makes of a supervisor that answers in an unusual way, or not at all."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wesktopd import client
from wesktopd.errors import ControlError, ControlTimeoutError, NotRunningError
from wesktopd.paths import AppPaths
from wesktopd.system import Lock
from wesktopd.wire.control_messages import Done, Failed, encode

NAME = "peer"


@pytest.fixture
def paths(home: Path, monkeypatch: pytest.MonkeyPatch) -> AppPaths:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    return AppPaths(NAME)


@pytest.fixture
def peer(paths: AppPaths) -> Iterator[Callable[..., None]]:
    """Listen on the control socket: answer one connection's request, and close it unless it is to be held."""
    done = threading.Event()
    threads = []

    def serve(listener: socket.socket, answer: bytes, hold: bool) -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(1000)
            connection.sendall(answer)
            if hold:
                done.wait()

    def start(answer: bytes, *, hold: bool = False) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(paths.socket))
        listener.listen()
        threads.append(threading.Thread(target=serve, args=(listener, answer, hold)))
        threads[-1].start()

    yield start
    done.set()
    for thread in threads:
        thread.join()


Peer = Callable[..., None]


def test_stop_waits_for_the_lock_and_gives_up_after_its_timeout(paths: AppPaths, peer: Peer) -> None:
    lock = Lock(paths.lock)
    assert lock.acquire()
    peer(encode(Done()))
    with pytest.raises(ControlTimeoutError, match=r"'peer' .* 0\.2 seconds"):
        client.stop(NAME, 0.2)
    lock.release()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 400 Bad Request\r\n", "answered with something else"),
        (encode(Done()), "answered Status with Done"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_control_error(peer: Peer, answer: bytes, said: str) -> None:
    peer(answer)
    with pytest.raises(ControlError, match=said):
        client.status(NAME)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400\n", encode(Failed(error="OfALaterVersion", message="no"))])
def test_an_app_whose_answer_makes_no_sense_hides_no_other(peer: Peer, paths: AppPaths, answer: bytes) -> None:
    peer(answer)
    other = paths.socket.with_stem("quiet")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(other))
        listener.listen()
        assert [*client.reports(0.2)] == [(NAME, None), ("quiet", None)]


def test_a_socket_that_nobody_listens_on_is_an_app_that_does_not_run(paths: AppPaths) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(paths.socket))
    assert client.running() == []
    with pytest.raises(NotRunningError, match="'peer' is not running"):
        client.status(NAME)


@pytest.fixture
def stale_workers(paths: AppPaths) -> list[Path]:
    """The socket and the PID file that a killed supervisor left; its lock's file is there too."""
    pid_file = paths.lock.with_name("serve.pid")
    pid_file.write_text("123456\n")
    for path in (paths.socket, paths.lock):
        path.touch()
    return [paths.socket, pid_file]


def test_what_a_killed_supervisor_left_is_cleaned_up(paths: AppPaths, stale_workers: list[Path]) -> None:
    client.clean_up(NAME, str(stale_workers[1]), 123456)
    assert not any(path.exists() for path in (*stale_workers, paths.lock))


def test_nothing_of_another_supervisor_is_cleaned_up(paths: AppPaths, stale_workers: list[Path]) -> None:
    lock = Lock(paths.lock)
    assert lock.acquire()
    client.clean_up(NAME, str(stale_workers[1]), 123456)
    assert all(path.exists() for path in (*stale_workers, paths.lock))
    lock.release()


def test_a_pid_file_that_names_somebody_else_is_not_cleaned_up(stale_workers: list[Path]) -> None:
    client.clean_up(NAME, str(stale_workers[1]), os.getpid())
    assert stale_workers[1].exists()
