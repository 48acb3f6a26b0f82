"""Entries as the desktop reads them: parsed and launched by GLib, the code behind GNOME's and Xfce's launchers."""

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from wesktop.entries import create_entry

READ = """\
import json, sys
from gi.repository import Gio
entry = Gio.DesktopAppInfo.new_from_filename(sys.argv[1])
icon = entry.get_icon()
print(json.dumps({
    "name": entry.get_name(),
    "comment": entry.get_description(),
    "icon": icon and icon.to_string(),
    "window": entry.get_startup_wm_class(),
    "categories": entry.get_categories(),
    "launched": "--launch" in sys.argv and entry.launch([], None),
}))
"""

RECORD = """\
import json, os, sys
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(sys.argv[2:], file)
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def read(entry: Path, *options: str) -> Any:
    """What GLib makes of the file, by the system's Python: that is the one PyGObject belongs to."""
    command = ["/usr/bin/python3", "-c", READ, str(entry), *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)
    return path.read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        ["", "", "a", ""],
        ["two words", " lead", "trail ", "  "],
        ["tab\there", "new\nline", "carriage\rreturn", "\n"],
        ['"', '""', 'a"b', "'", "''", "it's"],
        ["\\", "\\\\", "\\n", "\\s", "trail\\", '\\"'],
        ["$HOME", "${HOME}", "$(id)", "`id`"],
        ["%f", "%U", "%%", "%", "100%", "%c %i %k"],
        [";", "&", "|", "<", ">", "a;b", "&&", "a > b"],
        ["*", "?", "[a-z]", "~", "~root", "{a,b}", "!", "!!"],
        ["#", "#comment", "a#b"],
        ["(", ")", "(a)"],
        ["-x", "--long=value", "a=b", "--"],
        ["é", "日本語", "🎈", "e\u0301"],
        ["[Desktop Action x]", "\n[Desktop Entry]\nExec=evil"],
        ["\u2028", "\u00a0", "\ufeff"],
        ["x" * 5000],
    ],
    ids=repr,
)
def test_the_launched_program_gets_the_very_arguments(arguments: list[str], tmp_path: Path) -> None:
    record = tmp_path / "record it $x `y` \"z\" 'é' 100%.py"
    record.write_text(RECORD)
    seen = tmp_path / "seen"
    command = shlex.join([sys.executable, str(record), str(seen), *arguments])
    assert read(create_entry("Argument test", command), "--launch")["launched"] is True
    assert json.loads(wait_for(seen)) == arguments


def test_a_program_at_a_hostile_path_is_launched(tmp_path: Path) -> None:
    program, seen = tmp_path / "a b$x`y`\"z\" 'é';&\n\\", tmp_path / "seen"
    program.write_text(f"#!/bin/sh\necho started > {shlex.quote(str(seen))}\n")
    program.chmod(0o755)
    read(create_entry("Program test", shlex.quote(str(program))), "--launch")
    wait_for(seen)


@pytest.mark.parametrize(
    "text", ["plain", " spaces ", "a\nExec=evil", "\t\r\\n\\s\\\\", "é 日本語 🎈", "a;b", "[x]", "#", "%f"]
)
def test_the_desktop_shows_the_very_name_and_comment(text: str) -> None:
    seen = read(create_entry(text, shlex.quote(sys.executable), comment=text))
    assert (seen["name"], seen["comment"]) == (text, text)


def test_the_desktop_finds_the_icon_the_categories_and_the_window(tmp_path: Path) -> None:
    icon = tmp_path / "i \\ é\n%.png"
    icon.touch()
    path = create_entry("org.example.App", shlex.quote(sys.executable), icon=icon, categories=["Utility", "X-Mine"])
    seen = read(path)
    assert seen["icon"] == str(icon)
    assert seen["categories"] == "Utility;X-Mine;"
    assert seen["window"] == path.stem == "org.example.App"
