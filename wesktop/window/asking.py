"""Questions that the window asks the user for the app: which are open, and their answers."""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from wesktop.window.file_types import pywebview_types
from wesktopd.errors import WesktopError, WindowError
from wesktopd.wire import dialog_messages as questions
from wesktopd.wire.control_messages import MAX_FRAME
from wesktopd.wire.window_messages import Reply

MAX_PATHS = MAX_FRAME - 1024  # bytes of paths in one message, as JSON; the rest is for what is round them


@dataclass(frozen=True)
class Choice:
    """What the user has chosen. accepted: not if he has closed the dialog."""

    accepted: bool
    paths: tuple[str, ...] = ()


Done = Callable[[Choice | WesktopError], None]


class Dialog(Protocol):
    """A question to the user."""

    def open(self) -> None:
        """Show it; from any thread. It may be answered, in the toolkit's, before this returns."""

    def close(self) -> None:
        """Close it; from any thread. It is answered as if the user had."""


class Questions:
    """Asks them on a window of pywebview's. gui: its toolkit; app_id, icon: for notifications."""

    def __init__(self, gui: str | None, window: Any, app_id: str, icon: str | None) -> None:
        self._gui, self._window, self._app_id, self._icon = gui, window, app_id, icon
        self._open: dict[int, Dialog] = {}

    def ask(self, number: int, question: questions.Any, reply: Callable[[Reply], None]) -> None:
        """Ask, and have `reply` send the answer when there is one; from any thread."""

        def done(answer: Choice | WesktopError) -> None:
            self._open.pop(number, None)
            for message in replies(number, answer):
                reply(message)

        if isinstance(question, questions.Notice):
            threading.Thread(target=self._notify, args=(question, done), name="notice", daemon=True).start()
            return
        try:
            self._open[number] = dialog = make_dialog(self._gui, self._window, question, done)
            dialog.open()
        except Exception as error:  # whatever is wrong with the toolkit, the window goes on
            done(WindowError(f"no dialog can be shown: {error}"))

    def withdraw(self, number: int) -> None:
        """Nobody waits for the answer any more."""
        dialog = self._open.get(number)
        if dialog is not None:
            dialog.close()

    def withdraw_all(self) -> None:
        """The server that has asked is gone, and with it all who wait for an answer."""
        for dialog in [*self._open.values()]:
            dialog.close()

    def _notify(self, notice: questions.Notice, done: Done) -> None:
        from wesktop.window.notifications import notify

        try:
            notify(self._gui, notice.title, notice.body, self._app_id, self._icon)
        except WesktopError as error:
            done(error)
        except Exception as error:  # who has asked waits for an answer
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


def make_dialog(gui: str | None, window: Any, question: questions.Dialog, done: Done) -> Dialog:
    """Return the toolkit's dialog, not open yet; `done` is called once with its answer, in any thread."""
    if gui == "gtk":
        from wesktop.window.gtk.asking import GtkDialog

        return GtkDialog(window, question, done)
    if gui == "qt":
        from wesktop.window.qt.asking import QtDialog

        return QtDialog(window, question, done)
    return SystemDialog(window, question, done)


class SystemDialog:
    """One of pywebview's, on macOS and Windows: without a title where it has none, and nothing can close it."""

    def __init__(self, window: Any, question: questions.Dialog, done: Done) -> None:
        self._window, self._question, self._done = window, question, done

    def open(self) -> None:
        """Show it."""
        threading.Thread(target=self._run, name="dialog", daemon=True).start()

    def close(self) -> None:
        """It stays until the user answers it; that is not heard of any more then."""

    def _run(self) -> None:
        answer: Choice | WindowError
        try:
            answer = self._ask(self._question)
        except Exception as error:
            answer = WindowError(f"{sys.platform} shows no dialog: {error}")
        self._done(answer)

    def _ask(self, question: questions.Dialog) -> Choice:
        import webview

        kinds, show = webview.FileDialog, self._window.create_file_dialog
        match question:
            case questions.Open():
                types = pywebview_types(question.types)
                paths = show(kinds.OPEN, question.directory, question.several, "", types)
            case questions.Save():
                types = pywebview_types(question.types)
                paths = show(kinds.SAVE, question.directory, False, question.file_name, types)
            case questions.Folder():
                paths = show(kinds.FOLDER, question.directory)
            case questions.Confirm() | questions.Tell():
                return Choice(bool(self._window.create_confirmation_dialog(question.title, question.text)))
        paths = (paths,) if isinstance(paths, str) else tuple(paths or ())
        return Choice(bool(paths), paths)
