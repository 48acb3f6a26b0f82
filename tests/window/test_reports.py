"""What goes wrong in a window's process is in the app's log, also where nobody sees its stderr."""

from pathlib import Path

import pytest

from support.running import Start
from support.screen import Screen
from support.waiting import wait_for

pytestmark = pytest.mark.window

TROUBLE = """
import sys
if "wesktop.window" in sys.orig_argv:
    import logging, threading
    from wesktop.window.gtk.toolkit import Gtk

    def fails_in_a_callback(*_):
        raise RuntimeError("in a callback")

    def fails_in_a_thread():
        raise RuntimeError("in a thread")

    def on_focus(self, window, focused):
        from gi.repository import GLib

        def shown():
            GLib.idle_add(fails_in_a_callback)
            threading.Thread(target=fails_in_a_thread).start()
            logging.getLogger("wesktop").warning("a warning")
            raise RuntimeError("in an event")

        window.events.shown += shown

    Gtk.on_focus = on_focus
"""
SAID = ["RuntimeError: in a callback", "RuntimeError: in a thread", "RuntimeError: in an event", "a warning"]


def test_exceptions_and_warnings_of_a_window_that_ctl_open_has_opened(
    start_app: Start, screen: Screen, home: Path
) -> None:
    screen.wait_until_empty()
    (home / "trouble").mkdir()
    (home / "trouble" / "sitecustomize.py").write_text(TROUBLE)
    app = start_app()
    app.env.update(DISPLAY=screen.display, PYTHONPATH=str(home / "trouble"))
    app.ctl("open")
    wait_for(lambda: all(text in app.logs() for text in SAID), app.logs)
    assert "in fails_in_a_callback" in app.logs(), "with the traceback"
