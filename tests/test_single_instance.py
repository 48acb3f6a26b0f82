"""Where a start has its window, by what answers under the app's name: nothing, one that is silent, one that ends."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wesktop import single_instance
from wesktop.single_instance import OwnServer, claim_window
from wesktopd import client
from wesktopd.errors import AlreadyRunningError, ControlTimeoutError, NotRunningError
from wesktopd.paths import AppPaths
from wesktopd.spec import AppSpec
from wesktopd.system import Lock
from wesktopd.wire.control_messages import Report, decode_request, encode, failure
from wesktopd.wire.worker_messages import StartRequest

SPEC = AppSpec(target="app:app", name="app", working_dir="/", one_shot=True)
LAUNCH = StartRequest([], "/")


@pytest.fixture
def lock(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lock]:
    """The app's lock, which is held: it runs."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    held = Lock(AppPaths("app").lock)
    assert held.acquire()
    yield held
    held.release()


def answer_with(answer: Callable[[bytes], bytes]) -> threading.Thread:
    """Listen at the app's control socket, and answer every line of one client."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(AppPaths("app").socket))
    listener.listen()

    def serve() -> None:
        with listener, listener.accept()[0] as connection, connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(answer(line))
        AppPaths("app").socket.unlink()

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_an_app_that_does_not_run_gets_a_server(lock: Lock) -> None:
    lock.release()
    assert claim_window(SPEC, LAUNCH) == OwnServer()


def test_an_app_that_holds_its_lock_and_does_not_answer_is_an_error(
    lock: Lock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single_instance, "ANSWER_TIMEOUT", 0.1)
    with pytest.raises(AlreadyRunningError, match="'app'"):
        claim_window(SPEC, LAUNCH)


def test_the_end_of_an_app_that_is_stopping_is_waited_for(lock: Lock) -> None:
    def refuse(_: bytes) -> bytes:
        threading.Timer(0.2, lock.release).start()
        return encode(failure(NotRunningError("it is stopping.")))

    peer = answer_with(refuse)
    assert claim_window(SPEC, LAUNCH) == OwnServer()
    peer.join()


def test_a_supervisor_that_is_silent_is_asked_for_a_sign_of_life_once(
    lock: Lock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    def note(line: bytes) -> bytes:
        asked.append(line)
        return b""

    monkeypatch.setattr(client, "TIMEOUT", 0.1)
    peer = answer_with(note)
    with pytest.raises(ControlTimeoutError, match="did not answer"):
        claim_window(SPEC, LAUNCH)
    peer.join()
    assert [type(decode_request(line)).__name__ for line in asked] == ["Show", "Status"]


def test_a_supervisor_that_answers_otherwise_is_waited_for(
    lock: Lock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signs = iter([b"", encode(REPORT), encode(REPORT) + DONE])
    monkeypatch.setattr(client, "TIMEOUT", 0.1)
    peer = answer_with(lambda _: next(signs))
    assert claim_window(SPEC, LAUNCH) is None
    peer.join()


DONE = b'{"type":"done"}\n'
REPORT = Report(
    name="app", target="app:app", import_path=[], url="u", pid=1, release="1", started=1.0, rss=1, cpu=1.0,
    one_shot=False, idle_timeout=None, stopping=False, restarting=False, generation=1, windows=0,
    pid_path=None, config_file=None, log_file=None, wanted=1, trouble=None, workers=[],
)  # fmt: skip
