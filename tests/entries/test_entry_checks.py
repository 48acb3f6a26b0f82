import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from entries.pictures import png, saved
from wesktop.entries import create_entry, remove_entry
from wesktop.entries.entry import Entry, check_entry

PROGRAM = shlex.quote(sys.executable)


def check(command: str = PROGRAM, icon: str | Path | None = None) -> Entry:
    return check_entry("App", command, icon=icon)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"name": ""}, ValueError, "name .*empty"),
        ({"name": " \n"}, ValueError, "empty"),
        ({"name": "a\0b"}, ValueError, r"name must not contain '\\x00'"),
        ({"name": "a\x1b[31m"}, ValueError, "contain"),
        ({"name": "a\udcff"}, ValueError, "contain"),
        ({"name": 7}, TypeError, "name must be a string, not 7"),
        ({"command": ""}, ValueError, "command must .*, not"),
        ({"command": "  "}, ValueError, "command must"),
        ({"command": "''"}, ValueError, "command must"),
        ({"command": "echo 'a"}, ValueError, "cannot be split"),
        ({"command": "echo a\0b"}, ValueError, "contain"),
        ({"command": "MODE=1 sh"}, ValueError, "env NAME=value program"),
        ({"command": ["sh"]}, TypeError, "command must be a string"),
        ({"comment": "a\0"}, ValueError, "comment .*contain"),
        ({"comment": 7}, TypeError, "comment must be a string"),
        ({"icon": "/no/such/icon.png"}, ValueError, "icon '/no/such/icon.png' is not a file"),
        ({"icon": "missing.png"}, ValueError, "is not a file"),
        ({"icon": Path("missing")}, ValueError, "is not a file"),
        ({"icon": "/"}, ValueError, "is not a file"),
        ({"icon": ""}, ValueError, "is not a file"),
        ({"icon": 7}, TypeError, "icon must be a string or a Path, not 7"),
        ({"icon": "a\0b"}, ValueError, "icon .*contain"),
        ({"categories": ["Utility;Game"]}, ValueError, "category 'Utility;Game'"),
        ({"categories": ["A\nExec=evil"]}, ValueError, "category"),
        ({"categories": [""]}, ValueError, "category ''"),
        ({"categories": [7]}, TypeError, "category must be a string, not 7"),
        ({"categories": 5}, TypeError, "categories must be a list, not 5"),
        ({"categories": 0}, TypeError, "categories must be a list, not 0"),
        ({"comment": 0}, TypeError, "comment must be a string, not 0"),
        ({"app_id": ""}, ValueError, "not ''"),
        ({"app_id": "a b"}, ValueError, "not 'a b'"),
        ({"app_id": "../x"}, ValueError, "not '../x'"),
        ({"app_id": "x" * 49}, ValueError, "at most 48"),
        ({"app_id": 7}, TypeError, "app_id must be a string"),
        ({"working_dir": "/no/such"}, ValueError, "working_dir '/no/such' is not a directory"),
        ({"working_dir": "a\0"}, ValueError, "working_dir .*contain"),
        ({"working_dir": 7}, TypeError, "working_dir must be a string or a Path, not 7"),
        ({"autostart": "no"}, TypeError, "autostart must be True or False, not 'no'"),
        ({"mime_types": "text/csv"}, TypeError, "mime_types must be a list, not 'text/csv'"),
        ({"mime_types": 5}, TypeError, "mime_types must be a list, not 5: put it into brackets"),
        ({"url_schemes": 5}, TypeError, "url_schemes must be a list, not 5: put it into brackets"),
        ({"mime_types": ["csv"]}, ValueError, "mime type 'csv' is not of the form"),
        ({"mime_types": ["text/csv;a/b"]}, ValueError, "is not of the form"),
        ({"mime_types": ["text/*"]}, ValueError, "is not of the form"),
        ({"mime_types": ["text/csv\nExec=evil"]}, ValueError, "is not of the form"),
        ({"mime_types": ["x-scheme-handler/app"]}, ValueError, "give the scheme in url_schemes"),
        ({"mime_types": [7]}, TypeError, "mime_types must be a string"),
        ({"url_schemes": "app"}, TypeError, "url_schemes must be a list, not 'app'"),
        ({"url_schemes": ["app://"]}, ValueError, "url scheme 'app://' must be a word"),
        ({"url_schemes": ["1app"]}, ValueError, "must be a word"),
        ({"url_schemes": ["a;b"]}, ValueError, "must be a word"),
        ({"url_schemes": [""]}, ValueError, "must be a word"),
        ({"url_schemes": ["HTTPS"]}, ValueError, "url scheme 'https' is the web browser's"),
        ({"url_schemes": ["javascript"]}, ValueError, "is the web browser's"),
        ({"actions": {"": PROGRAM}}, ValueError, "action .*empty"),
        ({"actions": {"New": ""}}, ValueError, "command of the action 'New' must"),
        ({"actions": {"New": "echo 'a"}}, ValueError, "command of the action 'New' .* cannot be split"),
        ({"actions": ["New"]}, TypeError, "actions must be a dict of titles and commands, not"),
        ({"actions": {"a\0": PROGRAM}}, ValueError, "action .*contain"),
    ],
)
def test_what_no_entry_can_hold_is_refused_and_nothing_is_written(
    change: dict[str, Any], error: type[Exception], words: str, own_home: Path
) -> None:
    asked: dict[str, Any] = {"name": "App", "command": PROGRAM} | change
    with pytest.raises(error, match=words):
        create_entry(asked.pop("name"), asked.pop("command"), **asked)
    assert list(own_home.iterdir()) == []


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
    assert check_entry("App", PROGRAM, categories=categories).categories == ("Utility", "Development")


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
    saved(tmp_path / "icon.png", png(8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check(icon=icon).icon == tmp_path / "icon.png"


def test_schemes_and_types_are_written_small_and_once() -> None:
    checked = check_entry("App", PROGRAM, mime_types=["Text/CSV", "text/csv"], url_schemes=["MyApp", "myapp", "a+b"])
    assert (checked.mime_types, checked.url_schemes) == (("text/csv",), ("myapp", "a+b"))


def test_the_identifier_is_the_apps_where_that_is_given() -> None:
    assert check_entry("My App", PROGRAM, app_id="pulse").id == "pulse"
    assert check_entry("pulse", PROGRAM).id == "pulse"
