import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wesktop.entries import create_entry, remove_entry
from wesktop.entries.linux import escape, quote_exec

PROGRAM = shlex.quote(sys.executable)


@pytest.fixture(autouse=True)
def applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "applications"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def test_an_entry_says_what_was_asked_for(tmp_path: Path, applications: Path) -> None:
    icon = tmp_path / "an icon.png"
    icon.touch()
    path = create_entry(
        "pulse", f"{PROGRAM} -m pulse", icon=icon, comment="Vital signs", categories=["Utility", "Qt"]
    )
    assert path == applications / "pulse.desktop"
    assert lines(path) == [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.4",
        "Name=pulse",
        "Comment=Vital signs",
        f"Exec={sys.executable} -m pulse",
        f"Icon={icon}",
        "Categories=Utility;Qt;",
        "Terminal=false",
        "StartupWMClass=pulse",
        "X-Wesktop-Entry=pulse",
        "",
    ]


def test_what_was_not_given_is_not_written() -> None:
    keys = {line.split("=")[0] for line in lines(create_entry("pulse", PROGRAM))}
    assert keys.isdisjoint({"Comment", "Icon", "Categories"})


@pytest.mark.parametrize(
    "name", ["pulse", "My App", "a\nExec=evil", "../../evil", "日本語 é", " led", "\\n", "x" * 300]
)
@pytest.mark.parametrize("comment", ["", "a\n[Desktop Action x]\nExec=evil", "tab\tCR\r\\ %f ;", "ünï"])
def test_the_validator_accepts_it_whatever_the_texts(name: str, comment: str, applications: Path) -> None:
    path = create_entry(name, f"{PROGRAM} '{comment}' \"a b\" '$x`y`' 100%", comment=comment, categories=["Utility"])
    assert path.parent == applications
    checked = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert [line.split("=")[0] for line in lines(path)].count("Exec") == 1


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("plain-1.0_/:@+,=", "plain-1.0_/:@+,="),
        ("", '""'),
        ("a b", '"a b"'),
        ("100%", "100%%"),
        ("%f", "%%f"),
        ('say "hi"', r'"say \"hi\""'),
        ("$HOME", r'"\$HOME"'),
        ("`id`", r'"\`id\`"'),
        ("a\\b", r'"a\\b"'),
        ("it's", '"it\'s"'),
        ("~", '"~"'),
        ("é", '"é"'),
    ],
)
def test_an_argument_is_quoted_by_the_rules_of_the_exec_key(argument: str, written: str) -> None:
    assert quote_exec([argument]) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("a b", "a b"), (" a", r"\sa"), ("a\nb", r"a\nb"), ("a\tb", r"a\tb"), ("a\rb", r"a\rb"), ("\\n", r"\\n")],
)
def test_a_value_is_escaped_by_the_rules_of_strings(value: str, written: str) -> None:
    assert escape(value) == written


def test_the_file_is_readable_by_all_and_alone_in_its_directory(applications: Path) -> None:
    before = os.umask(0o077)
    try:
        path = create_entry("pulse", PROGRAM)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(applications.iterdir()) == [path]


def test_creating_again_replaces_the_entry(applications: Path) -> None:
    create_entry("pulse", PROGRAM, comment="a long first comment")
    path = create_entry("pulse", PROGRAM, comment="second")
    assert "Comment=second" in lines(path)
    assert list(applications.iterdir()) == [path]


def test_removing_takes_only_the_entry_of_that_name(applications: Path) -> None:
    create_entry("My App", PROGRAM)
    kept = create_entry("my-app", PROGRAM)
    assert remove_entry("My App") is True
    assert remove_entry("My App") is False
    assert list(applications.iterdir()) == [kept]


def test_removing_where_there_is_no_directory_returns_false(applications: Path) -> None:
    assert remove_entry("pulse") is False
    assert not applications.exists()


def test_a_file_that_others_made_is_neither_replaced_nor_removed(applications: Path) -> None:
    applications.mkdir(parents=True)
    foreign = applications / "firefox.desktop"
    foreign.write_text("[Desktop Entry]\nName=firefox\n")
    with pytest.raises(FileExistsError, match=r"firefox.desktop was not made by create_entry"):
        create_entry("firefox", PROGRAM)
    assert remove_entry("firefox") is False
    assert foreign.read_text() == "[Desktop Entry]\nName=firefox\n"


def test_a_comment_cannot_pass_for_the_mark_of_our_files() -> None:
    path = create_entry("a", PROGRAM, comment="x\nX-Wesktop-Entry=b\n")
    other = path.rename(path.with_name("b.desktop"))
    assert remove_entry("b") is False
    assert other.exists()


@pytest.mark.parametrize("value", ["", "relative/data"])
def test_a_data_home_that_is_not_absolute_is_ignored(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert create_entry("pulse", PROGRAM) == tmp_path / ".local" / "share" / "applications" / "pulse.desktop"


@pytest.mark.parametrize("character", ["=", "%"])
def test_a_program_at_a_path_that_launchers_cannot_find_is_refused(character: str, tmp_path: Path) -> None:
    program = tmp_path / f"a{character}b"
    program.symlink_to(sys.executable)
    with pytest.raises(ValueError, match=f"has a '{character}' in its path"):
        create_entry("pulse", str(program))
