"""`wesktop entry`: what it says, as text and as JSON, and its exit codes."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.scripts import isolated_env

WESKTOP = str(Path(sys.executable).with_name("wesktop"))
DOCUMENTED = (Path(__file__).parents[2] / "docs" / "launchers.md").read_text()

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(home: Path) -> Run:
    """Run `wesktop entry` in a scratch home."""

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [WESKTOP, "entry", *arguments],
            cwd=home,
            env=isolated_env(home),
            capture_output=True,
            text=True,
            timeout=30,
        )

    return command


def answer(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_entry_is_made_listed_and_removed(run: Run, home: Path) -> None:
    path = home / "data" / "applications" / "app.desktop"
    command = ("create", "My App", "--app-id", "app", "--autostart", "--url-scheme", "app", "--mime-type", "text/csv")
    made = run(*command, "--action", "New", f"{sys.executable} --new", "--", sys.executable, "-c", "a b", "--")
    assert (made.returncode, made.stdout) == (0, f"My App: made {path}\n"), made.stderr
    assert f'\nExec={sys.executable} -c "a b" -- %U\n' in path.read_text()
    assert f"\nName=New\nExec={sys.executable} --new\n" in path.read_text()
    header, line = run("list").stdout.splitlines()
    assert header.split() == ["NAME", "APP", "ID", "ALSO", "PATH"]
    assert re.split(r" {2,}", line) == ["My App", "app", "login, app:, text/csv", str(path)]
    assert run("remove", "My App").stdout == "My App: removed\n"
    assert not path.exists()
    assert run("list").stdout == "There is no entry.\n"


def test_a_single_word_is_split_as_a_shell_would(run: Run, home: Path) -> None:
    assert run("create", "app", f"{sys.executable} -c 'a b'").returncode == 0
    assert f'\nExec={sys.executable} -c "a b"\n' in (home / "data/applications/app.desktop").read_text()


def test_answers_as_json_are_as_documented(run: Run, home: Path) -> None:
    made = answer(run("create", "app", "--json", "--", sys.executable))
    assert made["path"] == str(home / "data" / "applications" / "app.desktop")
    (entry,) = answer(run("list", "--json"))["entries"]
    assert set(entry) == set(re.findall(r"^\| `(\w+)` \| (?:string|boolean|list)", DOCUMENTED, re.MULTILINE))
    assert entry["command"] == [sys.executable]
    assert answer(run("remove", "app", "--json"))["done"] is True
    assert answer(run("list", "--json"))["entries"] == []


def test_names_of_others_cannot_move_the_cursor_of_a_terminal(run: Run) -> None:
    assert run("create", "a\n\tb", sys.executable).returncode == 0
    assert "\n\tb" not in run("list").stdout


@pytest.mark.parametrize(("program", "there"), [(sys.executable, True), ("nosuch-program", False)])
def test_a_program_that_is_not_there_is_raised(run: Run, program: str, there: bool) -> None:
    said = run("create", "app", "--", program).stdout
    assert said.endswith("app.desktop\n") is there
    assert (f"{program!r} is not there yet" in said) is not there


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["create", "app"], 2, "Missing argument 'COMMAND...'"),
        (["create", "", "sh"], 2, "name must not be empty"),
        (["create", "app", "--icon", "nope.png", "sh"], 2, "icon 'nope.png' is not a file"),
        (["create", "app", "--url-scheme", "https", "sh"], 2, "is the web browser's"),
        (["create", "app", "--working-dir", "nope", "sh"], 2, "working_dir 'nope' is not a directory"),
        (
            ["create", "app", "--action", "A", "sh", "--action", "A", "sh", "sh"],
            2,
            "action 'A' is given more than once",
        ),
        (["remove", "app"], 1, "there is no entry 'app'"),
        (["remove", ""], 2, "name must not be empty"),
        (["create", "theirs", "sh"], 1, "theirs.desktop exists already"),
    ],
)
def test_an_error_is_one_line_with_its_exit_code(
    run: Run, home: Path, arguments: list[str], code: int, said: str
) -> None:
    (home / "data" / "applications").mkdir(parents=True)
    (home / "data" / "applications" / "theirs.desktop").touch()
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert done.stderr.startswith("wesktop: ")
    assert done.stderr.count("\n") == 1


def unreadable(path: Path) -> None:
    """For root too."""
    path.unlink()
    path.mkdir()


BROKEN: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no record": lambda path: path.write_text('{"version": 1}'),
    "no UTF-8": lambda path: path.write_bytes(b"\xff"),
    "nested": lambda path: path.write_text("[" * 100_000),
    "of a later version": lambda path: path.write_text(path.read_text().replace('"version": 1', '"version": 2')),
    "of other types": lambda path: path.write_text(path.read_text().replace('"name": "bad"', '"name": 5')),
    "with more than we know": lambda path: path.write_text(path.read_text().replace("{", '{"more": 1,', 1)),
    "unreadable": unreadable,
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_record_that_cannot_be_read_hides_no_other_and_is_raised_with_its_cure(
    run: Run, home: Path, damage: Callable[[Path], object]
) -> None:
    for name in ("after", "bad"):
        assert run("create", name, sys.executable).returncode == 0
    record = home / "state/wesktop/entries/bad.json"
    damage(record)
    for arguments in (["list"], ["list", "--json"]):
        done = run(*arguments)
        assert done.returncode == 1, done.stdout
        assert re.fullmatch(rf"wesktop: {record} .*: remove it and what it stood for, .*\n", done.stderr)
        assert "after" in done.stdout
        assert "bad" not in done.stdout
    assert run("create", "another", sys.executable).returncode == 0, "which has nothing to do with it"
    assert run("create", "bad", sys.executable).returncode == 1
    run("remove", "after")
    run("remove", "another")
    assert run("list").stdout == "", "not that there is none"

    shutil.rmtree(record) if record.is_dir() else record.unlink()
    (home / "data/applications/bad.desktop").unlink()
    assert run("create", "bad", sys.executable).returncode == 0
    assert run("list").returncode == 0


def test_a_place_of_records_that_cannot_be_read_is_not_taken_for_an_empty_one(run: Run, home: Path) -> None:
    (home / "state" / "wesktop").mkdir(parents=True)
    (home / "state" / "wesktop" / "entries").touch()
    done = run("list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "state/wesktop/entries" in done.stderr
    assert done.stderr.count("\n") == 1
