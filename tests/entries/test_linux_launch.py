"""Entries as the desktop reads them: parsed and launched by GLib, the code behind GNOME's and Xfce's launchers."""

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from entries.pictures import SVG, png, saved
from wesktop.entries import create_entry, remove_entry

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
    "actions": {key: entry.get_action_name(key) for key in entry.list_actions()},
    "types": entry.get_supported_types(),
    "launched": "--launch" in sys.argv and entry.launch([], None),
}))
"""

OPEN = """\
import sys
from gi.repository import Gio
if len(sys.argv) == 2:
    Gio.AppInfo.launch_default_for_uri(sys.argv[1], None)
else:
    Gio.DesktopAppInfo.new_from_filename(sys.argv[1]).launch_uris(sys.argv[2:], None)
"""

ACT = """\
import sys
from gi.repository import Gio
Gio.DesktopAppInfo.new_from_filename(sys.argv[1]).launch_action(sys.argv[2], None)
"""

FIND_ICON = """\
import sys
import gi
gi.require_version("Gtk", "3.0")
from gi.repository import Gtk
print(Gtk.IconTheme().lookup_icon(sys.argv[1], int(sys.argv[2]), 0).get_filename())
"""

RECORD = """\
import json, os, sys
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(sys.argv[2:], file)
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


def glib(script: str, *arguments: str) -> str:
    """Run a script by the system's Python: that is the one PyGObject belongs to."""
    command = ["/usr/bin/python3", "-c", script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def recording(tmp_path: Path, *arguments: str) -> tuple[str, Path]:
    """A command that writes its further arguments to a file, and the file."""
    record, seen = tmp_path / "record it $x `y` \"z\" 'é' 100%.py", tmp_path / "seen"
    record.write_text(RECORD)
    return shlex.join([sys.executable, str(record), str(seen), *arguments]), seen


def read(entry: Path, *options: str) -> Any:
    """What GLib makes of the file."""
    return json.loads(glib(READ, str(entry), *options))


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)
    return path.read_text()


RENAME = "os.rename(sys.argv[1] + '.part', sys.argv[1])"


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
    command, seen = recording(tmp_path, *arguments)
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


def test_the_desktop_finds_the_categories_the_types_and_the_window() -> None:
    path = create_entry(
        "App",
        shlex.quote(sys.executable),
        app_id="org.example.App",
        categories=["Utility", "X-Mine"],
        mime_types=["text/csv"],
        url_schemes=["app"],
    )
    seen = read(path)
    assert seen["categories"] == "Utility;X-Mine;"
    assert seen["types"] == ["text/csv", "x-scheme-handler/app"]
    assert seen["window"] == path.stem == "org.example.App"


@pytest.mark.parametrize(
    ("data", "size", "found"),
    [
        (png(256), 16, "16x16/apps/app.png"),
        (png(256), 48, "48x48/apps/app.png"),
        (png(256), 512, "256x256/apps/app.png"),
        (png(300), 300, "256x256/apps/app.png"),
        (SVG, 48, "scalable/apps/app.svg"),
    ],
    ids=["16", "48", "512", "300", "svg"],
)
def test_gtk_finds_the_icon_in_the_size_that_it_shows(data: bytes, size: int, found: str, tmp_path: Path) -> None:
    path = create_entry("app", shlex.quote(sys.executable), icon=saved(tmp_path / "i \\ é\n%.png", data))
    name = read(path)["icon"]
    assert glib(FIND_ICON, name, str(size)).strip().endswith(f"/icons/hicolor/{found}")


LINKS = [
    "app:",
    "app://host/path?q=a%20b&c='d'#e",
    "app:--option",
    "app:%22%20--option",
    'app:x" --option "',
    "app:x' --option '",
    "app:$HOME`id`$(id);&|",
    "app:日本語",
    "APP://HOST",
]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_reaches_the_command_as_its_last_argument(link: str, tmp_path: Path) -> None:
    command, seen = recording(tmp_path, "run", "a b:%u", "--")
    create_entry("Link test", command, url_schemes=["app"])
    glib(OPEN, link)
    assert json.loads(wait_for(seen)) == ["run", "a b:%u", "--", link]


def test_files_reach_the_command_as_their_paths(tmp_path: Path) -> None:
    files = [saved(tmp_path / name, b"a,b") for name in ("a b.csv", "é %20 '\"$x.csv", "-x.csv")]
    command, seen = recording(tmp_path, "--")
    path = create_entry("File test", command, mime_types=["text/csv"])
    glib(OPEN, str(path), *(file.as_uri() for file in files))
    assert json.loads(wait_for(seen)) == ["--", *map(str, files)]


def test_links_and_files_reach_the_command_together(tmp_path: Path) -> None:
    file = saved(tmp_path / "a b.csv", b"a,b")
    command, seen = recording(tmp_path)
    path = create_entry("Both test", command, mime_types=["text/csv"], url_schemes=["app"])
    glib(OPEN, str(path), "app:x", file.as_uri())
    assert json.loads(wait_for(seen)) == ["app:x", str(file)]


@pytest.mark.parametrize("tool", [["xdg-mime", "query", "default"], ["gio", "mime"]], ids=["xdg-mime", "gio"])
def test_the_desktops_tools_name_the_entry_until_it_is_removed(tool: list[str]) -> None:
    def answer() -> str:
        done = subprocess.run([*tool, "x-scheme-handler/app"], check=False, capture_output=True, text=True)
        return done.stdout

    path = create_entry("Tool test", shlex.quote(sys.executable), app_id="app", url_schemes=["app"])
    assert path.name in answer()
    remove_entry("Tool test")
    assert path.name not in answer()


@pytest.mark.parametrize("title", ["New window", " a\nExec=evil", "é;[x]%u"])
def test_an_action_is_shown_and_launched(title: str, tmp_path: Path) -> None:
    command, seen = recording(tmp_path, "--new", 'a "b" $c %u')
    path = create_entry(
        "Action test",
        shlex.quote(sys.executable),
        url_schemes=["app"],
        actions={"Other": command + " x", title: command},
    )
    assert read(path)["actions"] == {"action-1": "Other", "action-2": title}
    glib(ACT, str(path), "action-2")
    assert json.loads(wait_for(seen)) == ["--new", 'a "b" $c %u']


def test_the_program_starts_in_its_directory(tmp_path: Path) -> None:
    directory = tmp_path / "a b\n\\é"
    directory.mkdir()
    seen = tmp_path / "seen"
    program = f"import os, sys; open(sys.argv[1] + '.part', 'w').write(os.getcwd()); {RENAME}"
    command = shlex.join([sys.executable, "-c", program, str(seen)])
    read(create_entry("Directory test", command, working_dir=directory), "--launch")
    assert wait_for(seen) == str(directory)


@pytest.mark.parametrize("options", [{}, {"mime_types": ["text/csv"], "url_schemes": ["app"]}])
def test_what_starts_at_login_is_launched_with_the_command_alone(
    options: dict[str, Any], tmp_path: Path, own_home: Path
) -> None:
    command, seen = recording(tmp_path, "a b")
    create_entry("Login test", command, app_id="app", autostart=True, **options)
    assert read(own_home / ".config" / "autostart" / "app.desktop", "--launch")["launched"] is True
    assert json.loads(wait_for(seen)) == ["a b"]
