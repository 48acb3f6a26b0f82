"""Questions to the user."""

from typing import Any

from gi.repository import Gtk


def ask(parent: Any, question: str, accept: str) -> bool:
    """Whether the user chose `accept`, a button of GTK's stock; anything else is no."""
    dialog = Gtk.MessageDialog(transient_for=parent, modal=True, message_type=Gtk.MessageType.QUESTION, text=question)
    dialog.add_button("gtk-cancel", Gtk.ResponseType.CANCEL)
    dialog.add_button(accept, Gtk.ResponseType.ACCEPT)
    dialog.set_default_response(Gtk.ResponseType.CANCEL)
    accepted = bool(dialog.run() == Gtk.ResponseType.ACCEPT)
    dialog.destroy()
    return accepted
