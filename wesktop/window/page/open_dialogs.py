"""The dialogs that are open for the app, and their answers."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from wesktop.window.dialogs.dialog import Choice, Dialog, Done
from wesktop.window.toolkit import Toolkit
from wesktopd.errors import WesktopError, WindowError
from wesktopd.wire import dialog_messages
from wesktopd.wire.control_messages import MAX_FRAME
from wesktopd.wire.window_messages import Reply

MAX_PATHS = MAX_FRAME - 1024  # bytes of paths in one message, as JSON; the rest is for what is round them


class OpenDialogs:
    """Opens them on a window of pywebview's. app_id, icon: for notifications."""

    def __init__(self, toolkit: Toolkit, window: Any, app_id: str, icon: str | None) -> None:
        self._toolkit, self._window, self._app_id, self._icon = toolkit, window, app_id, icon
        self._open: dict[int, Dialog] = {}

    def ask(self, number: int, question: dialog_messages.Any, reply: Callable[[Reply], None]) -> None:
        """Ask, and have `reply` send the answer when there is one; from any thread."""

        def done(answer: Choice | WesktopError) -> None:
            self._open.pop(number, None)
            for message in replies(number, answer):
                reply(message)

        if isinstance(question, dialog_messages.Notice):
            threading.Thread(target=self._notify, args=(question, done), name="notice", daemon=True).start()
            return
        try:
            self._open[number] = dialog = self._toolkit.make_dialog(self._window, question, done)
            dialog.open()
        except Exception as error:  # whatever is wrong with the toolkit, the window goes on
            done(WindowError(f"no dialog can be shown: {error}"))

    def withdraw(self, number: int) -> None:
        """Close a dialog whose request was withdrawn."""
        dialog = self._open.get(number)
        if dialog is not None:
            dialog.close()

    def withdraw_all(self) -> None:
        """Close all dialogs: the server that has asked is gone."""
        for dialog in [*self._open.values()]:
            dialog.close()

    def _notify(self, notice: dialog_messages.Notice, done: Done) -> None:
        try:
            self._toolkit.notify(notice.title, notice.body, self._app_id, self._icon)
        except WesktopError as error:
            done(error)
        except Exception as error:  # the server waits for an answer
            done(WindowError(f"no notification can be shown: {error}"))
        else:
            done(Choice(accepted=True))


def replies(number: int, answer: Choice | WesktopError) -> list[Reply]:
    """The answer as messages, each of which fits a frame."""
    if isinstance(answer, WesktopError):
        return [Reply(number=number, error=answer.message)]
    try:
        sizes = [len(msgspec.json.encode(path)) + 1 for path in answer.paths]
    except UnicodeEncodeError as error:
        return [Reply(number=number, error=f"{error.object!r} is not UTF-8: rename the file.")]
    parts: list[list[str]] = [[]]
    filled = 0
    for path, size in zip(answer.paths, sizes, strict=True):
        if parts[-1] and filled + size > MAX_PATHS:
            parts.append([])
            filled = 0
        parts[-1].append(path)
        filled += size
    return [
        Reply(number=number, paths=tuple(part), accepted=answer.accepted, more=part is not parts[-1])
        for part in parts
    ]
