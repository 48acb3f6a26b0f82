import base64
import re
import shlex
import sys
from pathlib import Path

import pytest

from wesktop.entries import windows
from wesktop.entries.entry import Entry, check_entry


def entry(*arguments: str, comment: str = "", icon: str | Path | None = None) -> Entry:
    return check_entry("My App", shlex.join([sys.executable, *arguments]), icon, comment, None)


def test_powershell_gets_the_fixed_script_and_no_value_in_it() -> None:
    *options, encoded = windows.command_line()
    assert options == ["powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand"]
    assert base64.b64decode(encoded).decode("utf-16-le") == windows.SCRIPT


def test_the_script_reads_every_variable_that_is_set_and_no_other() -> None:
    given = windows.variables(entry(), Path("x.lnk"))
    assert set(re.findall(r"\$env:(\w+)", windows.SCRIPT)) == set(given)


@pytest.mark.parametrize("text", ["'; Remove-Item C:\\ #", "$(calc)", '"', "a\nb", "`n", "%PATH%", "é"])
def test_a_comment_is_passed_as_it_is(text: str) -> None:
    assert windows.variables(entry(comment=text), Path("x.lnk"))["WESKTOP_ENTRY_COMMENT"] == text


@pytest.mark.parametrize(
    ("arguments", "quoted"),
    [
        ([], ""),
        (["-m", "app"], "-m app"),
        (["", "a b"], '"" "a b"'),
        (['say "hi"'], r'"say \"hi\""'),
        (["C:\\dir with space\\"], r'"C:\dir with space\\"'),
        (["a\\b"], r"a\b"),
    ],
)
def test_arguments_are_quoted_as_the_c_runtime_splits_them(arguments: list[str], quoted: str) -> None:
    assert windows.variables(entry(*arguments), Path("x.lnk"))["WESKTOP_ENTRY_ARGUMENTS"] == quoted


@pytest.mark.parametrize("icon", ["icon.png", "utilities-terminal"])
def test_an_icon_of_another_kind_is_refused(icon: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(icon).touch()
    with pytest.raises(ValueError, match=r"is not an \.ico file"):
        windows.create(entry(icon=icon))


def test_a_comment_longer_than_a_shortcut_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="comment has 260 characters, a shortcut holds 259"):
        windows.create(entry(comment="x" * 260))
