"""Shortcuts and registry values for Windows: the shortcuts' bytes are read back by pylnk3, which we did not write."""

import io
import shlex
import struct
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path, PureWindowsPath
from typing import Any

import pylnk3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from entries.conftest import Tree
from entries.pictures import SVG, png, saved
from wesktop.entries import installing, records
from wesktop.entries.changes import Changes
from wesktop.entries.entry import Entry, check_entry
from wesktop.entries.records import Record
from wesktop.entries.windows import platform as windows
from wesktop.entries.windows import registry
from wesktop.entries.windows.registry import Value
from wesktop.entries.windows.shortcut import Shortcut, is_on_drive

PROGRAM = r"C:\Program Files\Python\pythonw.exe"


def entry(*arguments: str, name: str = "My App", program: str = PROGRAM, **options: Any) -> Entry:
    return check_entry(name, shlex.join([program, *arguments]), **options)


def create(made: Entry) -> Path:
    return installing.create(made, windows)


def read(path: Path) -> Any:
    return pylnk3.parse(str(path))


def shortcut(**fields: str) -> Any:
    """A shortcut, written and read."""
    usual = {"target": PROGRAM, "arguments": "", "app_id": "app"}
    return pylnk3.Lnk(io.BytesIO(Shortcut(**{**usual, **fields}).encode()))


HOSTILE = [
    "'; Remove-Item C:\\ #",
    "$(calc)",
    '"',
    "a\nb",
    "`n",
    "%PATH%",
    "é 日本語 🎈",
    "\\",
    " lead and trail ",
    "x" * 255,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("field", "read_as"), [("comment", "description"), ("arguments", "arguments"), ("working_dir", "work_dir"),
                           ("icon", "icon")],
)  # fmt: skip
def test_a_text_is_read_back_as_it_was_given(field: str, read_as: str, text: str) -> None:
    assert getattr(shortcut(**{field: text}), read_as) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_any_text_is_read_back_as_it_was_given(text: str) -> None:
    made = shortcut(comment=text, arguments=text)
    assert (made.description, made.arguments) == (text, text)


@pytest.mark.parametrize(
    "target",
    [PROGRAM, r"D:\x.exe", r"C:\é 日本語\🎈\a'b$(x)%y%.exe", r"c:\a\b\c\d\e\f.exe", "C:\\" + "x" * 200 + ".exe"],
)
def test_the_target_is_read_back_as_it_was_given(target: str) -> None:
    assert shortcut(target=target).path == target


def test_what_was_not_given_is_not_there() -> None:
    made = shortcut()
    assert (made.description, made.arguments, made.work_dir, made.icon) == (None, None, None, None)


@pytest.mark.parametrize("app_id", ["a", "org.example.App", "x" * 48])
def test_the_shortcut_carries_the_apps_identity(app_id: str) -> None:
    (block,) = shortcut(app_id=app_id).extra_data.blocks
    (store,) = block.stores
    assert uuid.UUID(bytes_le=store.format_id) == uuid.UUID("9f4c2855-9f79-4b39-a8d0-e1d42de1d5f3")
    ((key, value),) = store.properties
    text = (app_id + "\0").encode("utf-16-le")
    assert (key, value.type) == (5, 0x1F)  # PKEY_AppUserModel_ID, VT_LPWSTR
    assert value.value == struct.pack("<I", len(app_id) + 1) + text + bytes(-len(text) % 4)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\a.exe", True),
        (r"c:/a/b.exe", True),
        (r"\\server\share\a.exe", False),
        (r"\\?\C:\a.exe", False),
        (r"C:a.exe", False),
        (r"\a.exe", False),
        ("a.exe", False),
        ("/usr/bin/a", False),
    ],
)
def test_only_a_path_on_a_drive_can_be_a_target(path: str, expected: bool) -> None:
    assert is_on_drive(path) is expected


@pytest.mark.parametrize(
    ("arguments", "quoted"),
    [
        ([], None),
        (["-m", "app"], "-m app"),
        (["", "a b"], '"" "a b"'),
        (['say "hi"'], r'"say \"hi\""'),
        (["C:\\dir with space\\"], r'"C:\dir with space\\"'),
        (["a\\b"], r"a\b"),
    ],
)
def test_arguments_are_quoted_as_the_c_runtime_splits_them(arguments: list[str], quoted: str | None) -> None:
    assert read(create(entry(*arguments))).arguments == quoted


def test_an_entry_is_a_shortcut_in_the_start_menu_with_its_icon(tmp_path: Path, own_home: Path) -> None:
    path = create(entry("-m", "app", app_id="app", comment="Vital signs", icon=saved(tmp_path / "i.png", png(64))))
    assert path.parent.parts[-2:] == ("Start Menu", "Programs")
    assert path.name == "My App.lnk"
    made = read(path)
    assert (made.path, made.arguments) == (PROGRAM, "-m app")
    assert made.description == "Vital signs"
    with Image.open(made.icon) as picture:
        assert (picture.format, picture.size) == ("ICO", (64, 64))


@pytest.mark.parametrize("name", ["a:b", "CON", "../../evil", "日本語", "x."])
def test_any_name_becomes_a_file_that_windows_can_hold(name: str) -> None:
    path = create(entry(name=name))
    assert path.suffix == ".lnk"
    assert not set(path.stem) & set('<>:"/\\|?*')
    assert PureWindowsPath(path.stem).name == path.stem


def test_what_starts_at_login_is_the_same_shortcut_in_the_startup_folder() -> None:
    path = create(entry("-m", "app", autostart=True))
    assert (path.parent / "Startup" / path.name).read_bytes() == path.read_bytes()


def test_removing_leaves_nothing(tmp_path: Path, tree: Callable[[], Tree]) -> None:
    create(entry(icon=saved(tmp_path / "i.png", png(64)), autostart=True))
    assert installing.remove("My App", windows) is True
    assert tree() == {}


def test_a_shortcut_that_others_made_is_neither_replaced_nor_removed(tree: Callable[[], Tree]) -> None:
    path = create(entry())
    installing.remove("My App", windows)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"theirs")
    before = tree()
    with pytest.raises(FileExistsError, match=r"My App\.lnk exists already"):
        create(entry())
    assert installing.remove("My App", windows) is False
    assert tree() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"program": "app.exe"}, r"program 'app.exe' was not found on a drive"),
        ({"program": r"\\server\share\app.exe"}, "was not found on a drive"),
        ({"program": "C:\\" + "x" * 260}, "program has 263 characters, a shortcut holds 259"),
        ({"comment": "x" * 260}, "comment has 260 characters, a shortcut holds 259: shorten it"),
        ({"icon": "utilities-terminal"}, "names one of a theme, and Windows has none"),
        ({"mime_types": ["application/x-nobody-knows"]}, "has no extension, by which Windows goes"),
    ],
)
def test_what_a_shortcut_cannot_hold_is_refused(options: Any, words: str, tree: Callable[[], Tree]) -> None:
    with pytest.raises(ValueError, match=words):
        create(entry(**options))
    assert tree() == {}


@pytest.mark.parametrize(("arguments", "words"), [(["x" * 1024], "arguments has 1024"), (["100%"], "has a '%'")])
def test_arguments_that_would_not_arrive_are_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        create(entry(*arguments, url_schemes=["app"]))


def test_an_svg_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is an SVG"):
        create(entry(icon=saved(tmp_path / "i.svg", SVG)))


class Tables:
    """A registry in memory, with the rules of the real one: a key has a parent, and only an empty one is deleted."""

    def __init__(self, *keys: str) -> None:
        self.keys: dict[str, dict[str, str]] = {key: {} for key in keys}

    def has(self, key: str) -> bool:
        return key in self.keys

    def read(self, key: str, name: str) -> str | None:
        return self.keys.get(key, {}).get(name)

    def write(self, key: str, name: str, data: str) -> None:
        self.keys[key][name] = data

    def forget(self, key: str, name: str) -> None:
        self.keys.get(key, {}).pop(name, None)

    def make(self, key: str) -> None:
        parent = key.rpartition("\\")[0]
        assert not parent or parent in self.keys
        self.keys.setdefault(key, {})

    def remove_empty(self, key: str) -> bool:
        if key not in self.keys or self.keys[key] or any(other.startswith(key + "\\") for other in self.keys):
            return False
        del self.keys[key]
        return True

    def copy(self) -> dict[str, dict[str, str]]:
        return {key: dict(values) for key, values in self.keys.items()}


class BreakdownError(Exception):
    """What goes wrong in the middle."""


def record() -> Record:
    return Record(name="App", id="app", path="", command=[])


def apply(tables: Tables, made: Entry | None, kept: Record, failing: bool = False) -> None:
    wanted = registry.values(made, windows.opening_command(made), "") if made else []
    with pytest.raises(BreakdownError) if failing else nullcontext(), Changes() as changes:
        registry.apply(changes, tables, wanted, made.url_schemes if made else (), kept)
        if failing:
            raise BreakdownError


BOTH: dict[str, Any] = {"app_id": "app", "url_schemes": ["app"], "mime_types": ["text/csv"]}


def test_links_and_files_lead_to_the_command() -> None:
    made = registry.values(entry("-m", "my app", "--", **BOTH), windows.opening_command(entry("--")), r"C:\i.ico")
    command = rf'"{PROGRAM}" -- "%1"'
    assert made == [
        Value("app", "", "URL:My App"),
        Value("app", "URL Protocol", ""),
        Value(r"app\DefaultIcon", "", r"C:\i.ico,0"),
        Value(r"app\shell\open\command", "", command),
        Value("wesktop.app", "", "My App"),
        Value(r"wesktop.app\DefaultIcon", "", r"C:\i.ico,0"),
        Value(r"wesktop.app\shell\open\command", "", command),
        Value(r".csv\OpenWithProgids", "wesktop.app", ""),
    ]


def test_the_registry_holds_what_was_asked_for_and_loses_it_again() -> None:
    tables, kept = Tables(".csv"), record()
    tables.write(".csv", "", "Excel.CSV")
    before = tables.copy()
    apply(tables, entry("--", **BOTH), kept)
    assert tables.read(r"app\shell\open\command", "") == rf'"{PROGRAM}" -- "%1"'
    assert tables.read(r".csv\OpenWithProgids", "wesktop.app") == ""
    assert tables.read(".csv", "") == "Excel.CSV"
    apply(tables, None, kept)
    assert tables.copy() == before
    assert (kept.values, kept.keys) == ([], [])


def test_what_is_no_longer_wanted_goes_when_the_entry_is_made_again() -> None:
    tables, kept = Tables(), record()
    apply(tables, entry(**BOTH), kept)
    apply(tables, entry(app_id="app", url_schemes=["app", "other"]), kept)
    assert {key.split("\\")[0] for key in tables.keys} == {"app", "other"}
    apply(tables, None, kept)
    assert tables.keys == {}


@pytest.mark.parametrize("then", [None, entry(app_id="app", url_schemes=["other"]), entry("x", **BOTH)], ids=str)
def test_after_a_failure_the_registry_is_as_it_was(then: Entry | None) -> None:
    tables, kept = Tables(".csv"), record()
    apply(tables, entry(**BOTH), kept, failing=True)
    assert tables.copy() == {".csv": {}}
    kept = record()
    apply(tables, entry(**BOTH), kept)
    before = tables.copy()
    apply(tables, then, kept, failing=True)
    assert tables.copy() == before


def test_a_scheme_of_another_program_is_refused() -> None:
    tables, kept = Tables("app"), record()
    with pytest.raises(FileExistsError, match=r"app:.*another program"), Changes() as changes:
        registry.apply(changes, tables, [], ["app"], kept)
    assert tables.copy() == {"app": {}}


def test_what_others_put_into_our_keys_keeps_them() -> None:
    tables, kept = Tables(), record()
    apply(tables, entry(**BOTH), kept)
    tables.write(r".csv\OpenWithProgids", "theirs", "")
    apply(tables, None, kept)
    assert tables.copy() == {".csv": {}, r".csv\OpenWithProgids": {"theirs": ""}}


def test_two_names_that_differ_in_case_alone_are_refused_where_files_do_not_tell_them_apart() -> None:
    create(entry(name="App"))
    records.record_path("App").rename(records.record_path("app"))  # as such a file system would have it
    with pytest.raises(FileExistsError, match=r"'app' and 'App'.*case"):
        create(entry(name="app"))
