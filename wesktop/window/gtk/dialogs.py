"""Dialogs by GTK; file dialogs by the desktop itself where its portal is used, as in a sandbox."""

import os
from collections.abc import Sequence
from typing import Any

from gi.repository import GLib, Gtk

from wesktop.window.dialogs.dialog import Choice, Done
from wesktop.window.dialogs.file_types import any_case
from wesktopd.errors import WindowError
from wesktopd.wire import dialog_messages

if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
    os.environ.setdefault("GSETTINGS_BACKEND", "memory")  # without a bus, each setting of theirs would be a warning

FOCUS_WITHIN = 500  # milliseconds that a window manager may take to give the window the focus; it may not at all
ACCEPTED = (Gtk.ResponseType.ACCEPT, Gtk.ResponseType.OK)


class GtkDialog:
    """A question, while it is on the screen. All but `open` and `close` is in GTK's thread."""

    def __init__(self, window: Any, question: dialog_messages.Dialog, done: Done) -> None:
        self._window, self._question, self._done = window, question, done
        self._dialog: Any = None  # held: GTK does not hold a native one
        self._opened = False
        self._waiting = 0  # the handler that waits for the focus

    def open(self) -> None:
        """Show it."""
        GLib.idle_add(self._await_focus)

    def close(self) -> None:
        """Close it; it is answered as if the user had."""
        GLib.idle_add(self._close)

    def _await_focus(self) -> None:
        """Its window was just raised: before that has the focus, the dialog's would be taken for a theft of it."""
        native = self._window.native
        if native is None or native.is_active():
            self._open()
        else:
            self._waiting = native.connect("notify::is-active", lambda *_: self._open())
            GLib.timeout_add(FOCUS_WITHIN, self._open)

    def _open(self) -> None:
        if self._waiting:
            self._window.native.disconnect(self._waiting)
            self._waiting = 0
        if self._opened:
            return
        self._opened = True
        try:
            self._dialog = _dialog(self._window.native, self._question)
            self._dialog.connect("response", self._on_response)
            self._dialog.show()
        except Exception as error:
            self._answer(WindowError(f"GTK shows no dialog: {error}"))

    def _close(self) -> None:
        if self._dialog is not None or not self._opened:
            self._opened = True
            self._answer(Choice(accepted=False))

    def _on_response(self, dialog: Any, response: int) -> None:
        if response not in ACCEPTED:
            self._answer(Choice(accepted=False))
        elif isinstance(self._question, dialog_messages.Confirm | dialog_messages.Tell):
            self._answer(Choice(accepted=True))
        else:
            self._answer(_chosen(dialog.get_files()))

    def _answer(self, answer: Choice | WindowError) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.destroy()
        self._done(answer)


def _chosen(files: Sequence[Any]) -> Choice | WindowError:
    paths = [file.get_path() for file in files]
    if None in paths:  # a place in the network that is not mounted
        return WindowError(f"{files[paths.index(None)].get_uri()} is not a file on this machine.")
    return Choice(accepted=True, paths=tuple(paths))


def _dialog(parent: Any, question: dialog_messages.Dialog) -> Any:
    if isinstance(question, dialog_messages.Confirm | dialog_messages.Tell):
        return _message(parent, question)
    action = {
        dialog_messages.Open: Gtk.FileChooserAction.OPEN,
        dialog_messages.Save: Gtk.FileChooserAction.SAVE,
        dialog_messages.Folder: Gtk.FileChooserAction.SELECT_FOLDER,
    }[type(question)]
    dialog = Gtk.FileChooserNative.new(question.title or None, parent, action, None, None)
    dialog.set_modal(True)
    dialog.set_do_overwrite_confirmation(True)
    if question.directory:
        dialog.set_current_folder(question.directory)
    elif isinstance(question, dialog_messages.Folder):
        dialog.set_current_folder(GLib.get_home_dir())  # GTK would begin with recent files, among which is none
    if isinstance(question, dialog_messages.Open):
        dialog.set_select_multiple(question.several)
    if isinstance(question, dialog_messages.Save) and question.file_name:
        dialog.set_current_name(question.file_name)
    for kind in getattr(question, "types", ()):
        dialog.add_filter(_filter(kind))
    return dialog


def _filter(kind: dialog_messages.FileType) -> Any:
    found = Gtk.FileFilter()
    found.set_name(kind.name)
    for pattern in kind.patterns:
        found.add_pattern(any_case(pattern))
    return found


def _message(parent: Any, question: dialog_messages.Confirm | dialog_messages.Tell) -> Any:
    asks = isinstance(question, dialog_messages.Confirm)
    dialog = Gtk.MessageDialog(
        transient_for=parent,
        modal=True,
        destroy_with_parent=True,
        message_type=Gtk.MessageType.QUESTION if asks else Gtk.MessageType.INFO,
        text=question.title or question.text,
        title=parent.get_title() or "",
    )
    if question.title:
        dialog.props.secondary_text = question.text
    if isinstance(question, dialog_messages.Confirm):
        dialog.add_button("gtk-cancel", Gtk.ResponseType.CANCEL)
        dialog.add_button(question.accept.replace("_", "__") or "gtk-ok", Gtk.ResponseType.OK)
    else:
        dialog.add_button("gtk-ok", Gtk.ResponseType.OK)
    dialog.set_default_response(Gtk.ResponseType.OK)
    return dialog
