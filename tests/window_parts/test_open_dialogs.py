"""Which of the app's dialogs are taken to be open."""

import queue
from typing import Any

import pytest

from wesktop.window.dialogs.dialog import Choice, Done
from wesktop.window.page.open_dialogs import OpenDialogs
from wesktop.window.toolkit import Toolkit
from wesktopd.wire import dialog_messages
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


class OneDialog(Toolkit):
    """Its dialogs are answered before they are noted to be open, or not at all; it shows no notification."""

    def __init__(self, *, quick: bool = False) -> None:
        self._quick = quick

    def make_dialog(self, window: Any, question: dialog_messages.Dialog, done: Done) -> Dialog:  # noqa: ARG002
        self.dialog = Dialog(done, quick=self._quick)
        return self.dialog

    def notify(self, *_: object) -> None:
        raise RuntimeError("no desktop does this")


@pytest.mark.parametrize("quick", [True, False])
def test_a_dialog_that_is_answered_before_it_is_noted_to_be_open_is_not_closed_later(quick: bool) -> None:
    toolkit = OneDialog(quick=quick)
    replies: list[Reply] = []
    dialogs = OpenDialogs(toolkit, None, "app", None)
    dialogs.ask(1, Confirm(title="Sure?"), replies.append)
    dialogs.withdraw_all()
    assert [reply.accepted for reply in replies] == [True] * quick
    assert toolkit.dialog.closed == (not quick)


def test_a_notification_that_fails_in_an_unforeseen_way_is_answered() -> None:
    replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
    OpenDialogs(OneDialog(), None, "app", None).ask(1, Notice(title="Done"), replies.put)
    assert replies.get(timeout=20).error == "no notification can be shown: no desktop does this"
