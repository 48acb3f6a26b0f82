"""One dialog: what it asks, and what the user answers. The toolkits have their own; pywebview's is the default."""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from wesktop.window.dialogs.file_types import pywebview_types
from wesktopd.errors import WesktopError, WindowError
from wesktopd.wire import dialog_messages


@dataclass(frozen=True)
class Choice:
    """The choice of the user. accepted: False if the dialog was closed."""

    accepted: bool
    paths: tuple[str, ...] = ()


Done = Callable[[Choice | WesktopError], None]


class Dialog(Protocol):
    """A question to the user."""

    def open(self) -> None:
        """Show it; from any thread. It may be answered, in the toolkit's, before this returns."""

    def close(self) -> None:
        """Close it; from any thread. It is answered as if the user had."""


class SystemDialog:
    """One of pywebview's, on macOS and Windows: without a title where it has none, and nothing can close it."""

    def __init__(self, window: Any, question: dialog_messages.Dialog, done: Done) -> None:
        self._window, self._question, self._done = window, question, done

    def open(self) -> None:
        """Show it."""
        threading.Thread(target=self._run, name="dialog", daemon=True).start()

    def close(self) -> None:
        """It stays open until the user answers it; the answer is ignored then."""

    def _run(self) -> None:
        answer: Choice | WindowError
        try:
            answer = self._ask(self._question)
        except Exception as error:
            answer = WindowError(f"{sys.platform} shows no dialog: {error}")
        self._done(answer)

    def _ask(self, question: dialog_messages.Dialog) -> Choice:
        import webview

        kinds, show = webview.FileDialog, self._window.create_file_dialog
        match question:
            case dialog_messages.Open():
                types = pywebview_types(question.types)
                paths = show(kinds.OPEN, question.directory, question.several, "", types)
            case dialog_messages.Save():
                types = pywebview_types(question.types)
                paths = show(kinds.SAVE, question.directory, False, question.file_name, types)
            case dialog_messages.Folder():
                paths = show(kinds.FOLDER, question.directory)
            case dialog_messages.Confirm() | dialog_messages.Tell():
                return Choice(bool(self._window.create_confirmation_dialog(question.title, question.text)))
        paths = (paths,) if isinstance(paths, str) else tuple(paths or ())
        return Choice(bool(paths), paths)
