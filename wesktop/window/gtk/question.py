"""Questions to the user."""

from typing import Any

from gi.repository import Gtk


def ask(parent: Any, question: str, accept: str, webview: Any = None) -> bool:
    """Return whether the user chose `accept`, a stock button; anything else is no, as is the end of the page in
    `webview`, which the question is about.
    """
    dialog = Gtk.MessageDialog(transient_for=parent, modal=True, message_type=Gtk.MessageType.QUESTION, text=question)
    dialog.add_button("gtk-cancel", Gtk.ResponseType.CANCEL)
    dialog.add_button(accept, Gtk.ResponseType.ACCEPT)
    dialog.set_default_response(Gtk.ResponseType.CANCEL)
    if webview is not None:
        ended = webview.connect("web-process-terminated", lambda *_: dialog.response(Gtk.ResponseType.CANCEL))
    accepted = bool(dialog.run() == Gtk.ResponseType.ACCEPT)
    if webview is not None:
        webview.disconnect(ended)
    dialog.destroy()
    return accepted
