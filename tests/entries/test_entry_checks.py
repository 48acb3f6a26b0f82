import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from wesktop.entries import create_entry, remove_entry
from wesktop.entries.entry import Entry, check_entry

PROGRAM = shlex.quote(sys.executable)


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def check(command: str = PROGRAM, icon: str | Path | None = None) -> Entry:
    return check_entry("App", command, icon, "", None)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"name": ""}, ValueError, "name '' is empty"),
        ({"name": " \n"}, ValueError, "is empty"),
        ({"name": "a\0b"}, ValueError, r"name 'a\\x00b' contains '\\x00'"),
        ({"name": "a\x1b[31m"}, ValueError, "contains"),
        ({"name": "a\udcff"}, ValueError, "contains"),
        ({"name": 7}, TypeError, "name must be a string, not 7"),
        ({"command": ""}, ValueError, "command '' is empty"),
        ({"command": "  "}, ValueError, "is empty"),
        ({"command": "''"}, ValueError, "is empty"),
        ({"command": "echo 'a"}, ValueError, "cannot be split"),
        ({"command": "echo a\0b"}, ValueError, "contains"),
        ({"command": "MODE=1 sh"}, ValueError, "env NAME=value program"),
        ({"command": ["sh"]}, TypeError, "command must be a string"),
        ({"comment": "a\0"}, ValueError, "comment .* contains"),
        ({"comment": 7}, TypeError, "comment must be a string"),
        ({"icon": "/no/such/icon.png"}, ValueError, "icon '/no/such/icon.png' is not a file"),
        ({"icon": "missing.png"}, ValueError, "is not a file"),
        ({"icon": Path("missing")}, ValueError, "is not a file"),
        ({"icon": "/"}, ValueError, "is not a file"),
        ({"icon": ""}, ValueError, "is not a file"),
        ({"icon": "a\0b"}, ValueError, "icon .* contains"),
        ({"categories": ["Utility;Game"]}, ValueError, "category 'Utility;Game'"),
        ({"categories": ["A\nExec=evil"]}, ValueError, "category"),
        ({"categories": [""]}, ValueError, "category ''"),
    ],
)
def test_what_no_entry_can_hold_is_refused_and_nothing_is_written(
    change: dict[str, Any], error: type[Exception], words: str, data_home: Path
) -> None:
    asked: dict[str, Any] = {"name": "App", "command": PROGRAM} | change
    with pytest.raises(error, match=words):
        create_entry(asked.pop("name"), asked.pop("command"), **asked)
    assert not data_home.exists()


@pytest.mark.parametrize(("name", "error"), [("", ValueError), ("a\0b", ValueError), (None, TypeError)])
def test_removing_refuses_the_names_that_creating_refuses(name: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="name"):
        remove_entry(name)


def test_the_command_is_split_as_a_posix_shell_splits_words() -> None:
    assert check(f"{PROGRAM} -c 'a b' \"c'd\" e\\ f '' #g").arguments[1:] == ("-c", "a b", "c'd", "e f", "", "#g")


def test_a_program_that_is_not_there_yet_is_written_as_given() -> None:
    assert check("no-such-program --x").arguments == ("no-such-program", "--x")


@pytest.mark.parametrize("categories", [["Utility", "Development"], "Utility;Development;", "Utility;Development"])
def test_categories_are_a_list_or_text_as_the_file_has_it(categories: Any) -> None:
    assert check_entry("App", PROGRAM, None, None, categories).categories == ("Utility", "Development")


def test_a_program_on_the_path_is_written_by_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "my tool"
    program.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check("'my tool' x").arguments == (str(program), "x")
    monkeypatch.chdir(tmp_path)
    assert check("'./my tool'").arguments == (str(program),)


@pytest.mark.parametrize("icon", ["utilities-terminal", "org.gnome.Calculator"])
def test_a_word_names_an_icon_of_the_theme(icon: str) -> None:
    assert check(icon=icon).icon == icon


@pytest.mark.parametrize("icon", ["icon.png", "./icon.png", Path("icon.png"), "~/icon.png"])
def test_an_icon_file_becomes_an_absolute_path(
    icon: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "icon.png").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check(icon=icon).icon == tmp_path / "icon.png"
