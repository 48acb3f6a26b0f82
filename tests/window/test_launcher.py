"""A program that is started from its entry in the launcher, by GLib as a desktop would."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.screen import Screen
from support.scripts import free_port, isolated_env
from support.waiting import wait_for
from window.shown import processes_of

pytestmark = pytest.mark.window

WESKTOP = str(Path(sys.executable).with_name("wesktop"))

APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"hello"})
"""

LAUNCH = """\
import sys
from gi.repository import Gio
entry = Gio.DesktopAppInfo.new(sys.argv[1])
open(sys.argv[2], "w").write(entry.get_startup_wm_class())
entry.launch([], None)
"""


@pytest.fixture
def desktop(home: Path, screen: Screen) -> Iterator[dict[str, str]]:
    """The environment of a desktop in a scratch home; what is started in it ends with the test."""
    screen.wait_until_empty()
    yield {**isolated_env(home), "DISPLAY": screen.display}
    for line in processes_of(home):
        psutil.Process(int(line.split()[0])).kill()


def test_its_window_belongs_to_the_entry(home: Path, screen: Screen, desktop: dict[str, str]) -> None:
    app = home / "my app"
    app.mkdir()
    (app / "hello.py").write_text(APP)
    program = [WESKTOP, "run", "hello:app", "--name", "hello.app-1", "--port", str(free_port())]
    entry = ["entry", "create", "Hello & co", "--app-id", "hello.app-1", "--working-dir", str(app), "--", *program]
    subprocess.run([WESKTOP, *entry], env=desktop, check=True, capture_output=True, timeout=30)
    launch = ["/usr/bin/python3", "-c", LAUNCH, "hello.app-1.desktop", str(home / "class")]
    subprocess.run(launch, env=desktop, check=True, timeout=30)
    window = screen.window((home / "class").read_text())
    screen.close(window)
    wait_for(lambda: not processes_of(home), "the program's end")
