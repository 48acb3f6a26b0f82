"""The text of .desktop files."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wesktop.entries.entry import check_entry
from wesktop.entries.linux.desktop_file import autostart, escape, launcher, quote_exec

PROGRAM = shlex.quote(sys.executable)
EVERYTHING: dict[str, Any] = {
    "comment": "c",
    "categories": ["Utility"],
    "autostart": True,
    "mime_types": ["text/csv", "application/vnd.x+json"],
    "url_schemes": ["app", "a+b-c.d"],
    "actions": {"New": PROGRAM, "Old": PROGRAM},
}


def keys(text: str) -> list[str]:
    return [line.split("=")[0] for line in text.splitlines() if "=" in line]


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


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, ""),
        ({"url_schemes": ["app"]}, " %u"),
        ({"mime_types": ["text/csv"]}, " %F"),
        ({"mime_types": ["text/csv"], "url_schemes": ["app"]}, " %U"),
    ],
)
def test_what_is_opened_follows_the_command(options: dict[str, Any], code: str) -> None:
    text = launcher(check_entry("App", f"{PROGRAM} %u", **options), None)
    assert f"\nExec={sys.executable} %%u{code}\n" in text


def test_what_starts_at_login_opens_nothing_and_offers_nothing() -> None:
    text = autostart(check_entry("App", PROGRAM, **EVERYTHING), "icon")
    assert keys(text) == ["Type", "Version", "Name", "Comment", "Exec", "Icon", "Terminal", "StartupWMClass"]
    assert f"\nExec={sys.executable}\n" in text


def test_what_was_not_given_is_not_written() -> None:
    found = keys(launcher(check_entry("App", PROGRAM), None))
    assert found == ["Type", "Version", "Name", "Exec", "Terminal", "StartupWMClass"]


@pytest.mark.parametrize(
    "name", ["pulse", "My App", "a\nExec=evil", "../../evil", "日本語 é", " led", "\\n", "x" * 300]
)
@pytest.mark.parametrize("text", ["x", "a\n[Desktop Action x]\nExec=evil", "tab\tCR\r\\ %f ;", "ünï"])
def test_the_validator_accepts_it_whatever_the_texts(name: str, text: str, tmp_path: Path) -> None:
    command = f"{PROGRAM} {shlex.quote(text)} \"a b\" '$x`y`' 100%"
    options = {**EVERYTHING, "comment": text, "actions": {text: command, "a;b[c]": command}}
    entry = check_entry(name, command, working_dir="/tmp", **options)
    for made, expected in ((launcher(entry, "icon"), 3), (autostart(entry, "icon"), 1)):
        path = tmp_path / "app.desktop"
        path.write_text(made, encoding="utf-8", newline="\n")
        checked = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
        assert keys(made).count("Exec") == expected
