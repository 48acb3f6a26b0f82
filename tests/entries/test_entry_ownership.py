"""Entries and other users: what they have written removes nothing, and root makes nothing where one leads it."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.users import OTHER, VICTIM, needs_root
from wesktop.entries import changes, create_entry, list_entries, records, remove_entry
from wesktop.entries.ownership import OTHERS_WRITE

USES: dict[str, Callable[[], Any]] = {
    "create": lambda: create_entry("App", "true", app_id="app", url_schemes=["app"]),
    "remove": lambda: remove_entry("App"),
    "list": list_entries,
}


def planted(home: Path, target: Path) -> Path:
    """A record that says that `target` was made for an entry; where it is."""
    path = home / ".local/state/wesktop/entries/App.json"
    path.parent.mkdir(parents=True)
    record = {"version": records.VERSION, "name": "App", "id": "app", "path": str(target), "command": ["true"]}
    path.write_text(json.dumps({**record, "made": [str(target)], "directories": [str(target.parent)]}))
    assert records.record_path("App") == path
    return path


@pytest.fixture
def treasure(tmp_path: Path) -> Path:
    target = tmp_path / "treasure" / "file"
    target.parent.mkdir()
    target.write_text("mine")
    return target


def give(home: Path, user: int) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


@needs_root
@pytest.mark.parametrize("use", USES)
def test_root_with_another_users_home_makes_and_removes_nothing(use: str, own_home: Path, treasure: Path) -> None:
    planted(own_home, treasure)
    (own_home / ".local" / "share").symlink_to(treasure.parent)
    (own_home / ".config").mkdir()
    (own_home / ".config" / "mimeapps.list").symlink_to(treasure)
    give(own_home, OTHER)
    with pytest.raises(PermissionError, match=rf"uid {OTHER}.*root"):
        USES[use]()
    assert treasure.read_text() == "mine"
    assert list(treasure.parent.iterdir()) == [treasure]


@needs_root
def test_nor_where_one_of_the_directories_is_anothers(
    own_home: Path, treasure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        place = own_home / variable
        place.symlink_to(treasure.parent)
        os.chown(place, OTHER, OTHER, follow_symlinks=False)
        with monkeypatch.context() as patch:
            patch.setenv(variable, str(place))
            with pytest.raises(PermissionError, match="root"):
                USES["create"]()
    assert list(treasure.parent.iterdir()) == [treasure]


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_record_that_others_can_write_removes_nothing(mode: int, own_home: Path, treasure: Path) -> None:
    path = planted(own_home, treasure)
    path.chmod(mode)
    for use in USES.values():
        with pytest.raises(PermissionError, match=r"App\.json.*another user"):
            use()
    assert treasure.read_text() == "mine"
    path.chmod(0o644)
    assert remove_entry("App") is True
    assert not treasure.exists()


@needs_root
def test_a_record_of_another_user_removes_nothing(own_home: Path, treasure: Path) -> None:
    path = planted(own_home, treasure)
    os.chown(path, VICTIM, VICTIM)
    with pytest.raises(PermissionError, match="another user"):
        remove_entry("App")
    assert treasure.exists()


def test_no_file_is_open_to_others_before_it_has_its_mode(tmp_path: Path) -> None:
    """Who had it opened then, could write in it later."""
    seen: set[int] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            with os.scandir(tmp_path) as found:
                for entry in found:
                    try:
                        seen.add(entry.stat().st_mode & OTHERS_WRITE)
                    except FileNotFoundError:
                        continue

    thread = threading.Thread(target=watch)
    before = os.umask(0)
    try:
        thread.start()
        for number in range(1000):
            with changes.Changes() as made:
                made.write(tmp_path / "made" / "file", b"%d" % number)
                made.write(tmp_path / "file", b"%d" % number)
            (tmp_path / "made" / "file").unlink()
            (tmp_path / "made").rmdir()
    finally:
        os.umask(before)
        ended.set()
        thread.join()
    assert seen == {0}
