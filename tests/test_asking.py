"""Which of the app's dialogs are taken to be open."""

import queue

import pytest

from wesktop.window import asking, notifications
from wesktop.window.asking import Choice, Done, Questions
from wesktopd.wire.dialog_messages import Confirm, Notice
from wesktopd.wire.window_messages import Reply


class Dialog:
    """One whose user is there at once: it is answered in the toolkit's thread, before `open` returns."""

    def __init__(self, done: Done, *, quick: bool) -> None:
        self._done, self._quick = done, quick
        self.closed = 0

    def open(self) -> None:
        if self._quick:
            self._done(Choice(accepted=True))

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("quick", [True, False])
def test_a_dialog_that_is_answered_before_it_is_noted_to_be_open_is_not_closed_later(
    monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    dialogs: list[Dialog] = []

    def make(_gui: object, _window: object, _question: object, done: Done) -> Dialog:
        dialogs.append(Dialog(done, quick=quick))
        return dialogs[0]

    monkeypatch.setattr(asking, "make_dialog", make)
    replies: list[Reply] = []
    questions = Questions(None, None, "app", None)
    questions.ask(1, Confirm(title="Sure?"), replies.append)
    questions.withdraw_all()
    assert [reply.accepted for reply in replies] == [True] * quick
    assert dialogs[0].closed == (not quick)


def test_a_notification_that_fails_in_an_unforeseen_way_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no desktop does this")

    monkeypatch.setattr(notifications, "notify", fail)
    replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
    Questions(None, None, "app", None).ask(1, Notice(title="Done"), replies.put)
    assert replies.get(timeout=20).error == "no notification can be shown: no desktop does this"
