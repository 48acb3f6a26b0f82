"""The window's link to its server, over real sockets: which server an answer goes to, and one of a later release."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue

import pytest
from webview.event import Event

from support.waiting import wait_for
from wesktop.window.link import server_link as link_module
from wesktop.window.link.server_link import ServerLink
from wesktop.window.page.open_dialogs import OpenDialogs
from wesktop.window.spec import ServerAddress
from wesktop.window.toolkit import Toolkit
from wesktopd.wire.worker_messages import encode


class Face:
    """A window whose dialogs nothing can close, as on macOS and Windows; the test is its user."""

    def __init__(self) -> None:
        self.closed = Event(self)
        self.notes: list[str] = []
        self._dialogs: dict[str, tuple[SimpleQueue[bool], threading.Thread]] = {}

    def dialogs(self, app_id: str, icon: str | None) -> OpenDialogs:
        """What asks the user on it."""
        return OpenDialogs(Toolkit(), self, app_id, icon)

    def create_confirmation_dialog(self, title: str, _: str) -> bool:
        """Ask; see webview.Window."""
        answers: SimpleQueue[bool] = SimpleQueue()
        self._dialogs[title] = answers, threading.current_thread()
        return answers.get(timeout=20)

    def answer(self, title: str, accepted: bool) -> None:
        """Answer a dialog, once it is there, and wait until that has gone wherever it goes."""
        answers, thread = wait_for(lambda: self._dialogs.get(title), f"the dialog {title!r}")
        answers.put(accepted)
        thread.join(20)
        assert not thread.is_alive()

    def shows(self, title: str) -> bool:
        """Whether it has shown that dialog."""
        return title in self._dialogs

    def note(self, text: str) -> None:
        """Lay a note over the page."""
        self.notes.append(text)

    def go(self, url: str) -> None:
        """Show another page, which it cannot."""
        raise RuntimeError(f"{url} is not shown")

    def __getattr__(self, _: str) -> Callable[..., None]:
        """What else a page does."""
        return lambda *_: None


@pytest.fixture
def face() -> Face:
    """A window."""
    return Face()


@pytest.fixture
def served(home: Path, face: Face) -> Iterator[Callable[[], socket.socket]]:
    """Make what gives the window's next connection to its server, which is the test."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(home / "control"))
        listener.listen()
        listener.settimeout(20)
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        stack.enter_context(theirs)
        link = ServerLink(theirs, face, "an.app", None)  # type: ignore[arg-type]
        running = threading.Thread(target=link.run, daemon=True)
        running.start()
        ours.sendall(encode(ServerAddress(socket=str(home / "control"), name="app", stays=True)))

        def accept() -> socket.socket:
            connection = stack.enter_context(listener.accept()[0])
            connection.settimeout(20)
            return connection

        yield accept
        face.closed.set()
        running.join(20)
        assert not running.is_alive()
        if link._server is not None:  # which else its process would close
            link._server.close()


def ask(window: socket.socket, number: int, title: str) -> None:
    """Have it ask for a yes or no, as a supervisor does."""
    question = {"kind": "confirm", "title": title}
    window.sendall(json.dumps({"type": "asked", "number": number, "question": question}).encode() + b"\n")


def test_an_answer_goes_to_the_server_that_has_asked_and_to_no_later_one(
    face: Face, served: Callable[[], socket.socket]
) -> None:
    with served() as first:
        ask(first, 1, "Rename?")
        wait_for(lambda: face.shows("Rename?"), "the dialog")
    second = served()
    ask(second, 1, "Delete all?")
    wait_for(lambda: face.shows("Delete all?"), "the other dialog")
    face.answer("Rename?", True)
    face.answer("Delete all?", False)
    with second.makefile("rb") as lines:
        said = [json.loads(lines.readline()) for _ in range(2)]
    assert [message["type"] for message in said] == ["attach", "reply"]
    assert said[1]["accepted"] is False


def test_what_a_later_release_says_is_skipped_and_the_window_stays_attached(
    face: Face, served: Callable[[], socket.socket]
) -> None:
    server = served()
    server.sendall(b'{"type":"praise","for":"being there"}\n{"type":"confetti"}\n')
    ask(server, 1, "Still there?")
    face.answer("Still there?", True)
    with server.makefile("rb") as lines:
        assert [json.loads(lines.readline())["type"] for _ in range(2)] == ["attach", "reply"]


def test_a_question_of_a_kind_that_a_window_does_not_know_is_answered_by_an_error_and_the_next_is_asked(
    face: Face, served: Callable[[], socket.socket]
) -> None:
    server = served()
    question = {"kind": "colour", "title": "Which?", "palette": [[255, 0, 0]]}
    server.sendall(json.dumps({"type": "asked", "number": 7, "question": question}).encode() + b"\n")
    with server.makefile("rb") as lines:
        said = [json.loads(lines.readline()) for _ in range(2)]
        assert [message["type"] for message in said] == ["attach", "reply"]
        assert said[1]["number"] == 7
        assert "another release" in said[1]["error"]
        ask(server, 8, "Go on?")
        face.answer("Go on?", True)
        assert json.loads(lines.readline())["number"] == 8


def test_an_event_that_cannot_be_followed_is_in_the_log_and_the_next_is_heard(
    face: Face, served: Callable[[], socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    server = served()
    server.sendall(b'{"type":"navigate","url":"/there"}\n')
    ask(server, 1, "Still there?")
    face.answer("Still there?", True)
    assert [line for line in caplog.messages if "Navigate" in line and "lost" in line]
    assert "RuntimeError: /there is not shown" in caplog.text


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator["SimpleQueue[logging.LogRecord]"]:
    """Let a server have no time for its first answer. What is logged, from the beginning of the fixtures on."""
    monkeypatch.setattr(link_module, "ANSWERS_WITHIN", 0.0)
    logged: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(logged)
    logging.getLogger("wesktop").addHandler(handler)
    yield logged
    logging.getLogger("wesktop").removeHandler(handler)


def test_a_window_whose_server_takes_it_and_says_nothing_shows_a_note_and_goes_on_waiting(
    face: Face, impatient: "SimpleQueue[logging.LogRecord]", served: Callable[[], socket.socket]
) -> None:
    server = served()
    wait_for(lambda: face.notes, "a note")
    assert face.notes == ["The server is not answering. Waiting for it\N{HORIZONTAL ELLIPSIS}"]
    assert "0 seconds" in impatient.get(timeout=20).message
    ask(server, 1, "Still there?")
    face.answer("Still there?", True)


def test_a_server_that_does_not_read_holds_up_nobody_who_tells_it_something(
    face: Face, served: Callable[[], socket.socket]
) -> None:
    server = served()
    ask(server, 1, "Still there?")
    face.answer("Still there?", True)

    def gets_the_focus() -> None:  # more often than the connection has room for
        for _ in range(20_000):
            face.on_focus()

    toolkit = threading.Thread(target=gets_the_focus, daemon=True)
    toolkit.start()
    toolkit.join(20)
    assert not toolkit.is_alive()
