"""Notifications on macOS and Windows, as far as can be told here: fixed commands, values in the environment."""

import base64
import json
import stat
import sys
from pathlib import Path

import pytest

from wesktop.window.dialogs.notifications import JXA, POWERSHELL, PROGRAMS, arguments, run_script, script_command
from wesktopd.errors import WindowError

HOSTILE = "\"); $(touch x) `y` \\ '; Remove-Item Grüße\n%PATH%"


def fake(directory: Path, name: str, code: int = 0) -> Path:
    """A command of that name that writes down its arguments and the values in its environment."""
    said = directory / f"{name}.json"
    script = directory / name
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"names = ('WESKTOP_TITLE', 'WESKTOP_BODY', 'WESKTOP_APP_ID')\n"
        f"json.dump([sys.argv[1:], [os.environ[name] for name in names]], open({str(said)!r}, 'w'))\n"
        f"sys.exit({code})\n"
    )
    script.chmod(stat.S_IRWXU)
    return said


@pytest.mark.parametrize("platform", PROGRAMS)
def test_no_value_gets_into_a_script(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = fake(tmp_path, "program")
    monkeypatch.setitem(PROGRAMS, platform, str(tmp_path / "program"))
    run_script(platform, HOSTILE, HOSTILE, "my.app")
    command, values = json.loads(said.read_text())
    assert values == [HOSTILE, HOSTILE, "my.app"]
    assert command == script_command(platform)[1:]
    assert not [argument for argument in command if "Remove-Item" in argument]


def test_windows_is_given_its_script_in_utf_16() -> None:
    encoded = script_command("win32")[-1]
    assert base64.b64decode(encoded).decode("utf-16-le") == POWERSHELL


@pytest.mark.parametrize("script", [JXA, POWERSHELL])
def test_the_scripts_read_all_values(script: str) -> None:
    assert "WESKTOP_TITLE" in script
    assert "WESKTOP_BODY" in script


@pytest.mark.parametrize("platform", PROGRAMS)
@pytest.mark.parametrize("code", [None, 1])
def test_a_command_that_is_missing_or_fails_is_an_error_in_one_sentence(
    platform: str, code: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROGRAMS, platform, str(tmp_path / "program"))
    if code:
        fake(tmp_path, "program", code)
    with pytest.raises(WindowError, match="notification: "):
        run_script(platform, "a", "b", "c")


def test_a_value_that_cannot_be_in_an_environment_is_an_error_too() -> None:
    with pytest.raises(WindowError):
        run_script("darwin", "a\0", "b", "c")


@pytest.mark.parametrize(
    ("capabilities", "body"), [([], "<b>&amp;"), (["body"], "<b>&amp;"), (["body-markup"], "&lt;b&gt;&amp;amp;")]
)
def test_the_body_is_escaped_for_those_who_read_markup(capabilities: list[str], body: str) -> None:
    assert arguments("t", "<b>&amp;", "app", None, capabilities)[4] == body
