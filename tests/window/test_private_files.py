"""What a window keeps of its page is for its user alone, whatever the umask; and nobody else's storage is taken."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.modes import made, mode, open_umask, too_open
from support.running import COMMAND
from support.screen import Screen
from support.scripts import isolated_env
from support.users import OTHER, needs_root
from support.waiting import wait_for
from window.conftest import TESTS
from window.shown import Shown

pytestmark = pytest.mark.window

STORES = """script="localStorage.setItem('a', 'b'); document.cookie = 'c=d; max-age=9999';"
    "indexedDB.open('e').onsuccess = () => say('stored')" """


def open_to_others(home: Path) -> dict[str, str]:
    """What others can get at: whatever is looser than it has to be, and is in no directory that shuts it in.

    These are the storage, and where WebKit notes which sandboxes there are.
    """
    shut = {home / "data" / "wesktop" / "demo", home / "run" / ".flatpak"}
    return {name: mode for name, mode in too_open(home).items() if not shut.intersection((home / name).parents)}


def test_of_a_window_nothing_is_open_to_others_its_storage_neither(show: Callable[..., Shown], home: Path) -> None:
    with open_umask():
        shown = show(page=STORES).ready()
    shown.hear("stored")
    assert open_to_others(home) == {}
    shown.close()
    shown.ended_well(5)
    stored = " ".join(str(path).lower() for path in made(home / "data", "wesktop"))
    assert "localstorage" in stored
    assert "indexeddb" in stored
    assert open_to_others(home) == {}


def test_a_window_has_the_users_own_umask_as_have_its_downloads_and_the_browsers_that_it_starts(
    show: Callable[..., Shown],
) -> None:
    shown = show().ready()
    status = Path(f"/proc/{shown.script.find('wesktop.window').pid}/status").read_text()
    assert "Umask:\t0022" in status


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


def test_a_home_that_is_not_utf_8_needs_a_storage_that_is_and_the_rest_is_kept_there(
    show: Callable[..., Shown], home: Path, screen: Screen
) -> None:
    odd = home / os.fsdecode(b"\xe9t\xe9")
    odd.mkdir()
    env = {"HOME": str(odd), **{f"XDG_{kind}_HOME": str(odd / kind) for kind in ("DATA", "STATE", "CONFIG", "CACHE")}}
    refused = show("keep_alive=True", **env)
    assert refused.script.wait() != 0
    said = refused.script.output.splitlines()[-1]
    assert said.startswith("wesktopd.errors.ConfigurationError: the window's storage ")
    assert said.endswith("is not UTF-8: set XDG_DATA_HOME to a directory whose name is.")

    env["XDG_DATA_HOME"] = str(home / "data")
    shown = show("keep_alive=True", page=STORES, **env).ready()
    shown.hear("stored")
    wait_for((odd / "STATE" / "wesktop" / "demo.window").exists, "its geometry, kept")
    shown.close()
    assert shown.script.wait() == 0
    kept = {**isolated_env(home), **env, "DISPLAY": screen.display, "PYTHONPATH": TESTS}
    for verb, note in (
        ("open", "a window is open"),
        ("stop", "stopped"),
        ("start", "running on "),
        ("stop", "stopped"),
    ):
        done = subprocess.run(
            [COMMAND, "ctl", verb, "demo"],
            cwd=home,
            env=kept,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"demo: {note}")
