"""Dialogs by Qt, which takes the desktop's own where it has a theme for that."""

from typing import Any

from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal
from qtpy.QtWidgets import QDialog, QFileDialog, QMessageBox

from wesktop.window.dialogs.dialog import Choice, Done
from wesktop.window.dialogs.file_types import name_filter
from wesktopd.errors import WindowError
from wesktopd.wire import dialog_messages


class QtDialog(QObject):  # type: ignore[misc]  # qtpy has no types
    """A question, while it is on the screen. All but the beginning, `open` and `close` is in Qt's thread."""

    _opening, _closing = Signal(), Signal()

    def __init__(self, window: Any, question: dialog_messages.Dialog, done: Done) -> None:
        super().__init__()
        self._window, self._question, self._done = window, question, done
        self._dialog: Any = None
        self.moveToThread(QCoreApplication.instance().thread())  # where its signals are received from now on
        self._opening.connect(self._open)
        self._closing.connect(self._close)

    def open(self) -> None:
        """Show it."""
        self._opening.emit()

    def close(self) -> None:
        """Close it; it is answered as if the user had."""
        self._closing.emit()

    def _open(self) -> None:
        try:
            self._dialog = _dialog(self._window.native, self._question)
            self._dialog.finished.connect(self._on_finished)
            self._dialog.open()
        except Exception as error:
            self._done(WindowError(f"Qt shows no dialog: {error}"))

    def _close(self) -> None:
        if self._dialog is not None:
            self._dialog.reject()

    def _on_finished(self, result: int) -> None:
        dialog, self._dialog = self._dialog, None
        if isinstance(dialog, QMessageBox):
            self._done(Choice(accepted=result == QMessageBox.StandardButton.Ok.value))
        elif result == QDialog.DialogCode.Accepted.value:
            self._done(Choice(accepted=True, paths=tuple(dialog.selectedFiles())))
        else:
            self._done(Choice(accepted=False))
        dialog.deleteLater()


def _dialog(parent: Any, question: dialog_messages.Dialog) -> Any:
    if isinstance(question, dialog_messages.Confirm | dialog_messages.Tell):
        return _message(parent, question)
    dialog = QFileDialog(parent)
    if question.title:
        dialog.setWindowTitle(question.title)
    if question.directory:
        dialog.setDirectory(question.directory)
    modes = QFileDialog.FileMode
    match question:
        case dialog_messages.Open(several=several):
            dialog.setFileMode(modes.ExistingFiles if several else modes.ExistingFile)
        case dialog_messages.Save(file_name=file_name):
            dialog.setFileMode(modes.AnyFile)
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.selectFile(file_name)
        case _:
            dialog.setFileMode(modes.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    types = getattr(question, "types", ())
    if types:
        dialog.setNameFilters([name_filter(kind) for kind in types])
    return dialog


def _message(parent: Any, question: dialog_messages.Confirm | dialog_messages.Tell) -> Any:
    asks = isinstance(question, dialog_messages.Confirm)
    dialog = QMessageBox(parent)
    dialog.setWindowTitle(parent.windowTitle())
    dialog.setIcon(QMessageBox.Icon.Question if asks else QMessageBox.Icon.Information)
    dialog.setTextFormat(Qt.TextFormat.PlainText)  # else it would look for HTML in them
    dialog.setText(question.title or question.text)
    if question.title:
        dialog.setInformativeText(question.text)
    accept = dialog.addButton(QMessageBox.StandardButton.Ok)
    if isinstance(question, dialog_messages.Confirm):
        if question.accept:
            accept.setText(question.accept.replace("&", "&&"))
        dialog.addButton(QMessageBox.StandardButton.Cancel)
    dialog.setDefaultButton(accept)
    return dialog
