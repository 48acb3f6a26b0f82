"""What is on the disk on Linux: made whole or not at all, removed to the last directory, and nobody else's."""

import os
import shlex
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entries.conftest import Tree
from entries.pictures import SVG, png, saved
from wesktop.entries import create_entry, list_entries, remove_entry

PROGRAM = shlex.quote(sys.executable)


@pytest.fixture
def applications(own_home: Path) -> Path:
    return own_home / ".local" / "share" / "applications"


@pytest.fixture
def everything(tmp_path: Path) -> dict[str, Any]:
    """Every option there is."""
    return {
        "icon": saved(tmp_path / "icon.png", png(64)),
        "comment": "Vital signs",
        "categories": ["Utility"],
        "autostart": True,
        "mime_types": ["text/csv"],
        "url_schemes": ["pulse"],
        "actions": {"New": PROGRAM},
    }


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def files(tree: Tree) -> set[str]:
    return {path for path, (_, content) in tree.items() if content is not None}


def test_an_entry_says_what_was_asked_for(applications: Path, everything: dict[str, Any], own_home: Path) -> None:
    path = create_entry("Pulse", f"{PROGRAM} -m pulse", app_id="pulse", working_dir=own_home, **everything)
    assert path == applications / "pulse.desktop"
    assert lines(path) == [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.4",
        "Name=Pulse",
        "Comment=Vital signs",
        f"Exec={sys.executable} -m pulse %U",
        f"Path={own_home}",
        "Icon=pulse",
        "Terminal=false",
        "StartupWMClass=pulse",
        "Categories=Utility;",
        "MimeType=text/csv;x-scheme-handler/pulse;",
        "Actions=action-1;",
        "",
        "[Desktop Action action-1]",
        "Name=New",
        f"Exec={sys.executable}",
        "",
    ]


def test_all_that_is_made_is_where_the_desktop_looks(everything: dict[str, Any], tree: Callable[[], Tree]) -> None:
    create_entry("pulse", PROGRAM, **everything)
    assert files(tree()) == {
        ".local/share/applications/pulse.desktop",
        ".local/share/applications/mimeinfo.cache",
        ".local/state/wesktop/entries/pulse.json",
        ".config/autostart/pulse.desktop",
        ".config/mimeapps.list",
        *(f".local/share/icons/hicolor/{size}x{size}/apps/pulse.png" for size in (16, 22, 24, 32, 48, 64)),
    }


def test_an_svg_is_scaled_by_the_desktop(tmp_path: Path, tree: Callable[[], Tree]) -> None:
    path = create_entry("pulse", PROGRAM, icon=saved(tmp_path / "any.name.svg", SVG))
    assert tree()[".local/share/icons/hicolor/scalable/apps/pulse.svg"][1] == SVG
    assert "Icon=pulse" in lines(path)


def test_an_icon_of_the_theme_is_named_and_not_copied(tree: Callable[[], Tree]) -> None:
    assert "Icon=utilities-terminal" in lines(create_entry("pulse", PROGRAM, icon="utilities-terminal"))
    assert not any("icons" in path for path in tree())


def test_the_file_is_readable_by_all_and_alone_in_its_directory(applications: Path) -> None:
    before = os.umask(0o077)
    try:
        path = create_entry("pulse", PROGRAM)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(applications.iterdir()) == [path]


def test_removing_leaves_the_home_as_it_was(everything: dict[str, Any], tree: Callable[[], Tree]) -> None:
    create_entry("Pulse", PROGRAM, **everything)
    assert remove_entry("Pulse") is True
    assert tree() == {}
    assert remove_entry("Pulse") is False


def test_removing_leaves_what_others_have_in_the_same_places(
    own_home: Path, everything: dict[str, Any], tree: Callable[[], Tree]
) -> None:
    for path in (".local/share/applications/a.desktop", ".local/share/icons/hicolor/64x64/apps/a.png", ".config/a"):
        (own_home / path).parent.mkdir(parents=True, exist_ok=True)
        (own_home / path).write_text("theirs")
    (own_home / ".config" / "mimeapps.list").write_text("[Default Applications]\na/b=c.desktop\n")
    (own_home / ".config" / "mimeapps.list").chmod(0o640)
    (own_home / ".config" / "autostart").mkdir()
    before = tree()
    create_entry("Pulse", PROGRAM, **everything)
    remove_entry("Pulse")
    assert tree() == before


@pytest.mark.parametrize("first", ["one", "two"])
def test_the_last_entry_takes_the_directories_along(
    first: str, everything: dict[str, Any], tree: Callable[[], Tree]
) -> None:
    create_entry("one", PROGRAM, **everything)
    create_entry("two", PROGRAM, **everything)
    last = {"one": "two", "two": "one"}[first]
    remove_entry(first)
    assert [record.name for record in list_entries()] == [last]
    remove_entry(last)
    assert tree() == {}


def test_creating_again_replaces_the_entry_and_takes_what_is_no_longer_wanted(
    everything: dict[str, Any], tree: Callable[[], Tree]
) -> None:
    create_entry("Pulse", PROGRAM)
    plain = tree()
    create_entry("Pulse", PROGRAM, **everything)
    create_entry("Pulse", PROGRAM, app_id="other", **everything)
    create_entry("Pulse", PROGRAM)
    assert files(tree()) == files(plain)
    assert [record.name for record in list_entries()] == ["Pulse"]
    remove_entry("Pulse")
    assert tree() == {}


@pytest.mark.parametrize("what", ["a new entry", "an entry in place of another"])
@pytest.mark.parametrize(
    "in_the_way",
    [
        ".config/autostart",  # a file where a directory is needed
        ".config/mimeapps.list/",  # a directory where a file is
        ".local/share/icons/hicolor/48x48",
    ],
)
def test_a_failure_in_the_middle_leaves_everything_as_it_was(
    in_the_way: str, what: str, own_home: Path, everything: dict[str, Any], tree: Callable[[], Tree]
) -> None:
    if what != "a new entry":
        create_entry("Pulse", PROGRAM, comment="before")
    obstacle = own_home / in_the_way
    obstacle.parent.mkdir(parents=True, exist_ok=True)
    obstacle.mkdir() if in_the_way.endswith("/") else obstacle.write_text("in the way")
    before = tree()
    with pytest.raises(OSError, match=r"File exists|directory"):
        create_entry("Pulse", PROGRAM, **everything)
    assert tree() == before


def test_an_icon_that_is_no_picture_changes_nothing(tmp_path: Path, tree: Callable[[], Tree]) -> None:
    create_entry("Pulse", PROGRAM)
    before = tree()
    with pytest.raises(ValueError, match="is not an image"):
        create_entry("Pulse", PROGRAM, icon=saved(tmp_path / "icon.png", b"text"))
    assert tree() == before


@pytest.mark.parametrize(
    "path", [".local/share/applications/app.desktop", ".config/autostart/app.desktop",
             ".local/share/icons/hicolor/32x32/apps/app.png"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["file", "link", "directory"])
def test_what_others_made_is_neither_replaced_nor_removed(
    path: str, kind: str, own_home: Path, everything: dict[str, Any], tree: Callable[[], Tree]
) -> None:
    theirs = own_home / path
    theirs.parent.mkdir(parents=True)
    if kind == "file":
        theirs.write_text("theirs")
    elif kind == "link":
        theirs.symlink_to("nowhere")
    else:
        theirs.mkdir()
    before = tree()
    with pytest.raises(FileExistsError, match=r"exists already, .*'app'"):
        create_entry("app", PROGRAM, **everything)
    assert remove_entry("app") is False
    assert tree() == before


def test_two_entries_of_one_app_id_are_refused_in_one_sentence(tree: Callable[[], Tree]) -> None:
    create_entry("One", PROGRAM, app_id="app")
    before = tree()
    with pytest.raises(FileExistsError, match="'One'"):
        create_entry("Two", PROGRAM, app_id="app")
    with pytest.raises(FileExistsError, match="'One'"):
        create_entry("app", PROGRAM)
    assert tree() == before


def test_an_entry_does_not_take_the_place_of_an_installed_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: Callable[[], Tree]
) -> None:
    (tmp_path / "share" / "applications").mkdir(parents=True)
    (tmp_path / "share" / "applications" / "firefox.desktop").touch()
    monkeypatch.setenv("XDG_DATA_DIRS", f"relative:{tmp_path / 'share'}")
    with pytest.raises(FileExistsError, match=r"firefox\.desktop.*app_id"):
        create_entry("firefox", PROGRAM)
    assert tree() == {}


def test_an_entry_of_our_own_is_replaced_where_the_users_directory_is_among_the_systems(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_DIRS", f"{own_home}/.local/share/:/usr/share")
    assert create_entry("pulse", PROGRAM) == create_entry("pulse", PROGRAM, comment="second")


def test_creating_the_same_again_touches_nothing(
    everything: dict[str, Any], own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_entry("pulse", PROGRAM, **everything)

    def times() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in own_home.rglob("*")}

    before = times()
    create_entry("pulse", PROGRAM, **everything)
    assert times() == before


def test_names_that_look_alike_are_told_apart(applications: Path) -> None:
    names = ["My App", "my-app", "my app", "MY APP", "my/app", "日本", "本日"]
    made = [create_entry(name, PROGRAM) for name in names]
    assert sorted(made) == sorted(applications.iterdir())
    assert [record.name for record in list_entries()] == sorted(names)
    for name in names[1:]:
        assert remove_entry(name) is True
    assert list(applications.iterdir()) == [made[0]]


def test_the_default_that_the_user_has_chosen_stays(own_home: Path, everything: dict[str, Any]) -> None:
    chosen = own_home / ".config" / "mimeapps.list"
    chosen.parent.mkdir()
    chosen.write_text("[Default Applications]\nx-scheme-handler/pulse=other.desktop\n")
    create_entry("pulse", PROGRAM, **everything)
    remove_entry("pulse")
    assert chosen.read_text() == "[Default Applications]\nx-scheme-handler/pulse=other.desktop\n"


def test_a_mimeapps_list_that_is_a_link_stays_one(own_home: Path, everything: dict[str, Any]) -> None:
    (own_home / "dotfiles").mkdir()
    real = saved(own_home / "dotfiles" / "mimeapps.list", b"# \xff not UTF-8\r\n")
    (own_home / ".config").mkdir()
    (own_home / ".config" / "mimeapps.list").symlink_to(real)
    create_entry("pulse", PROGRAM, **everything)
    assert real.read_bytes().endswith(b"x-scheme-handler/pulse=pulse.desktop\n")
    remove_entry("pulse")
    assert real.read_bytes() == b"# \xff not UTF-8\r\n"
    assert (own_home / ".config" / "mimeapps.list").is_symlink()


def test_a_record_that_cannot_be_read_is_raised_and_nothing_is_changed(
    own_home: Path, tree: Callable[[], Tree]
) -> None:
    create_entry("pulse", PROGRAM)
    (own_home / ".local/state/wesktop/entries/pulse.json").write_text('{"version": 1}')
    before = tree()
    for act in (lambda: create_entry("pulse", PROGRAM), lambda: remove_entry("pulse"), list_entries):
        with pytest.raises(OSError, match=r"pulse\.json"):
            act()
    assert tree() == before


@pytest.mark.parametrize("value", ["", "relative/data"])
def test_a_data_home_that_is_not_absolute_is_ignored(
    value: str, applications: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", value)
    assert create_entry("pulse", PROGRAM) == applications / "pulse.desktop"


def test_entries_are_removed_from_where_they_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "first"))
    path = create_entry("pulse", PROGRAM)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "second"))
    assert remove_entry("pulse") is True
    assert not path.exists()


@pytest.mark.parametrize("character", ["=", "%"])
@pytest.mark.parametrize("where", ["command", "action"])
def test_a_program_at_a_path_that_launchers_cannot_find_is_refused(
    character: str, where: str, tmp_path: Path
) -> None:
    program = tmp_path / f"a{character}b"
    program.symlink_to(sys.executable)
    command, actions = (str(program), {}) if where == "command" else (PROGRAM, {"New": str(program)})
    with pytest.raises(ValueError, match=f"'{character}'.*path"):
        create_entry("pulse", command, actions=actions)
