"""A server or a window that does not answer or end is named, and killed."""

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.waiting import wait_for
from wesktop import session
from wesktop.session import Session
from wesktop.window.spec import Closed, Opened, WindowSpec
from wesktopd.errors import StartupError
from wesktopd.spec import AppSpec
from wesktopd.system import ChildProcess
from wesktopd.wire.worker_messages import StartRequest, encode

LOOK = WindowSpec(app_id="app", title="app", width=400, height=300, background="#fff", storage="/nowhere")


class Silent:
    """A process that does nothing, and the other end of its channel."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.launched = ChildProcess(subprocess.Popen(["sleep", "600"]), ours)

    def close(self) -> None:
        """End it."""
        self.theirs.close()
        self.launched.abandon()


@pytest.fixture
def window() -> Iterator[Silent]:
    """A window's process."""
    silent = Silent()
    yield silent
    silent.close()


@pytest.fixture
def server() -> Iterator[Silent]:
    """A supervisor's process."""
    silent = Silent()
    yield silent
    silent.close()


@pytest.fixture
def held(window: Silent, server: Silent, home: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session that has both."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.setattr(session, "start_child", lambda _: server.launched)
    for limit in ("WINDOW_CLOSE_TIMEOUT", "STOP_MARGIN", "EXIT_TIMEOUT", "SILENCE_WARNING"):
        monkeypatch.setattr(session, limit, 0.1)
    spec = AppSpec(target="app:app", name="app", working_dir="/", import_path=[], one_shot=True, drain_timeout=0.1)
    return Session(window.launched, spec, LOOK, None, StartRequest([], "/"))


def waiting(held: Session) -> threading.Thread:
    """The session, waiting for either to end."""
    thread = threading.Thread(target=held.wait, daemon=True)
    thread.start()
    return thread


def test_a_server_that_says_nothing_is_named_once_and_what_does_not_end_is_killed(
    held: Session, window: Silent, server: Silent, caplog: pytest.LogCaptureFixture
) -> None:
    thread = waiting(held)
    wait_for(lambda: caplog.messages, "a word")
    window.theirs.sendall(encode(Opened()))
    window.theirs.sendall(encode(Closed()))
    window.theirs.close()
    thread.join(20)
    assert window.launched.process.wait(20) == -signal.SIGKILL
    held.close()
    assert server.launched.process.wait(20) == -signal.SIGKILL
    assert [["suspended" in text, "window" in text, "killed" in text] for text in caplog.messages] == [
        [True, False, False],
        [False, True, True],
        [False, False, True],
    ]


def test_a_server_that_hangs_up_and_does_not_end_is_an_error_at_the_start(held: Session, server: Silent) -> None:
    server.theirs.close()
    with pytest.raises(StartupError, match=r"'app' .* before it was ready"):
        held.wait()
    held.close()


def test_later_the_window_is_closed_and_an_error_logged(
    held: Session, window: Silent, server: Silent, caplog: pytest.LogCaptureFixture
) -> None:
    window.theirs.sendall(encode(Opened()))
    thread = waiting(held)
    wait_for(lambda: held._opened, "the window to be known")
    server.theirs.close()
    thread.join(20)
    assert not thread.is_alive()
    assert [text for text in caplog.messages if "'app'" in text and "unexpectedly" in text]
    held.close()
