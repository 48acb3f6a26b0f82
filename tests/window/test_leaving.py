"""How long a page is waited for that is asked whether its window may be closed, on GTK's own loop."""

import json
import subprocess
import sys

import pytest

from wesktop.window.toolkit import PATIENCE

pytestmark = pytest.mark.window

TWO_ATTEMPTS = """
import json, time
from wesktop.window.backends import has_gtk
assert has_gtk()
from gi.repository import GLib
from wesktop.window.gtk.beforeunload import BeforeUnload
from wesktop.window.toolkit import PATIENCE

class SilentPage:
    def connect(self, signal, handler):
        pass

    def try_close(self):
        pass

context, leaving, closed = GLib.MainContext.default(), BeforeUnload(SilentPage(), lambda: None), []

def attempt(name):
    began = time.monotonic()
    leaving.ask(lambda: closed.append([name, time.monotonic() - began]))
    return began

first = attempt("first")
while time.monotonic() < first + 0.7 * PATIENCE:
    context.iteration(False)
attempt("second")
while not closed:
    context.iteration(True)
print(json.dumps(closed))
"""


def test_each_attempt_to_close_gives_the_page_its_whole_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWO_ATTEMPTS], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    ((name, waited),) = json.loads(done.stdout)
    assert name == "second"
    assert waited >= PATIENCE
