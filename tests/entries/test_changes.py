"""Changes that are made together or not at all."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from entries.conftest import Tree
from wesktop.entries.changes import Changes, remove_empty


class BreakdownError(Exception):
    """What goes wrong in the middle."""


def build(place: Path) -> None:
    place.mkdir()
    (place / "new").write_text("new")


def build_half(place: Path) -> None:
    build(place)
    raise BreakdownError


@pytest.fixture
def before(own_home: Path) -> Path:
    (own_home / "file").write_text("old")
    (own_home / "file").chmod(0o640)
    (own_home / "directory").mkdir()
    (own_home / "directory" / "old").write_text("old")
    return own_home


CHANGES: dict[str, Callable[[Changes, Path], None]] = {
    "write": lambda changes, home: changes.write(home / "a" / "b" / "c", b"new"),
    "replace": lambda changes, home: changes.write(home / "file", b"new"),
    "remove": lambda changes, home: changes.remove(home / "file"),
    "remove directory": lambda changes, home: changes.remove(home / "directory"),
    "remove nothing": lambda changes, home: changes.remove(home / "nothing"),
    "build": lambda changes, home: changes.build(home / "x" / "built", build),
    "rebuild": lambda changes, home: changes.build(home / "directory", build),
}


@pytest.mark.parametrize("names", [*((name,) for name in CHANGES), tuple(CHANGES), ("replace",) * 3], ids=str)
def test_after_a_failure_everything_is_as_it_was(
    names: tuple[str, ...], before: Path, tree: Callable[[], Tree]
) -> None:
    was = tree()
    with pytest.raises(BreakdownError), Changes() as changes:  # noqa: PT012  the block is what is tested
        for name in names:
            CHANGES[name](changes, before)
        raise BreakdownError
    assert tree() == was


@pytest.mark.parametrize("path", ["new", "directory"])
def test_a_directory_whose_making_fails_is_not_there_and_the_old_one_stays(
    path: str, before: Path, tree: Callable[[], Tree]
) -> None:
    was = tree()
    with pytest.raises(BreakdownError), Changes() as changes:
        changes.build(before / path, build_half)
    assert tree() == was


def test_after_success_everything_is_new_and_nothing_else_is_left(before: Path, tree: Callable[[], Tree]) -> None:
    with Changes() as changes:
        changes.write(before / "a" / "b", b"new", 0o755)
        changes.remove(before / "file")
        changes.build(before / "directory", build)
    assert set(tree()) == {"a", "a/b", "directory", "directory/new"}
    assert tree()["a/b"] == (0o755, b"new")
    assert changes.directories == [before / "a"]


def test_a_file_is_readable_by_all_whatever_the_umask(before: Path) -> None:
    umask = os.umask(0o077)
    try:
        with Changes() as changes:
            changes.write(before / "file", b"new")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((before / "file").stat().st_mode) == 0o644


def test_a_link_is_replaced_and_what_it_leads_to_stays(before: Path) -> None:
    (before / "link").symlink_to("file")
    with Changes() as changes:
        changes.write(before / "link", b"new")
    assert not (before / "link").is_symlink()
    assert (before / "file").read_text() == "old"


def test_a_directory_in_which_others_have_put_something_is_kept(before: Path) -> None:
    (before / "a" / "b").mkdir(parents=True)
    (before / "c").mkdir()
    (before / "c" / "theirs").touch()
    remove_empty([before / "a", before / "c", before / "a" / "b", before / "gone"])
    assert not (before / "a").exists()
    assert (before / "c" / "theirs").exists()
