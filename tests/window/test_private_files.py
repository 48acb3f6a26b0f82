"""What a window keeps of its page is for its user alone, whatever the umask; and nobody else's storage is taken."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.modes import made, mode, open_umask, too_open
from support.users import OTHER, needs_root
from window.shown import Shown

pytestmark = pytest.mark.window

STORES = """script="localStorage.setItem('a', 'b'); document.cookie = 'c=d; max-age=9999';"
    "indexedDB.open('e').onsuccess = () => say('stored')" """


def test_of_a_window_everything_is_for_its_owner_alone_its_storage_too(
    show: Callable[..., Shown], home: Path
) -> None:
    with open_umask():
        shown = show(page=STORES).ready()
    shown.hear("stored")
    assert too_open(home) == {}
    shown.close()
    shown.ended_well(5)
    stored = " ".join(str(path).lower() for path in made(home / "data", "wesktop"))
    assert "localstorage" in stored
    assert "indexeddb" in stored
    assert too_open(home) == {}


@needs_root
def test_a_storage_of_another_user_is_refused_in_a_sentence(show: Callable[..., Shown], home: Path) -> None:
    planted = home / "data" / "wesktop" / "demo"
    planted.mkdir(parents=True)
    os.chown(planted, OTHER, OTHER)
    shown = show()
    assert shown.script.wait() != 0
    said = shown.script.output.splitlines()[-1]
    assert said.startswith(f"wesktopd.errors.WindowError: the window's storage {str(planted)!r} cannot be used: ")
    assert said.endswith(f"belongs to nobody (uid {OTHER}): have it removed.")
    assert list(planted.iterdir()) == []
    assert mode(planted) == 0o755


OPEN_A_BROWSER = """
import os, sys
from wesktop.window.__main__ import keep_private
os.umask(0o022)
keep_private(sys.argv[1])
import webbrowser
assert webbrowser.open("http://127.0.0.1/")
os.close(os.open(sys.argv[2], os.O_CREAT, 0o666))
"""


def test_a_browser_that_a_window_starts_has_the_users_own_umask(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\numask > {tmp_path / 'said'}\n")
    browser.chmod(0o700)
    subprocess.run(
        [sys.executable, "-c", OPEN_A_BROWSER, str(tmp_path / "storage"), str(tmp_path / "file")],
        env={**os.environ, "BROWSER": f"{browser} %s"},
        check=True,
        timeout=30,
    )
    assert int((tmp_path / "said").read_text(), 8) == 0o022
    assert (mode(tmp_path / "file"), mode(tmp_path / "storage")) == (0o600, 0o700)
