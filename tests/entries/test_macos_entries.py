import json
import plistlib
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wesktop.entries import macos
from wesktop.entries.entry import Entry, check_entry

PRINT = "import json, sys; print(json.dumps(sys.argv[1:]))"


@pytest.fixture(autouse=True)
def applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own directory: this system has no /Applications."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "Applications"


def entry(name: str = "My App", *arguments: str, comment: str = "", icon: Path | None = None) -> Entry:
    return check_entry(name, shlex.join([sys.executable, *arguments]), icon, comment, None)


def properties(bundle: Path) -> Any:
    return plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())


def test_a_bundle_has_the_layout_that_the_system_expects(tmp_path: Path, applications: Path) -> None:
    icon = tmp_path / "own.icns"
    icon.write_bytes(b"icns")
    bundle = macos.create(entry(icon=icon, comment="Vital signs"))
    assert bundle == applications / "My App.app"
    said = properties(bundle)
    assert (said["CFBundleName"], said["CFBundlePackageType"]) == ("My App", "APPL")
    assert said["CFBundleGetInfoString"] == "Vital signs"
    assert (bundle / "Contents" / "Resources" / said["CFBundleIconFile"]).read_bytes() == b"icns"
    program = bundle / "Contents" / "MacOS" / said["CFBundleExecutable"]
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert list(applications.iterdir()) == [bundle]


@pytest.mark.parametrize("text", ["A & <B>", "</string><key>x</key>", "]]>", '"quoted"', "é 日本語", "a\nb\tc"])
def test_the_property_list_holds_the_very_name_and_comment(text: str) -> None:
    said = properties(macos.create(entry(text, comment=text)))
    assert (said["CFBundleDisplayName"], said["CFBundleGetInfoString"]) == (text, text)


@pytest.mark.parametrize("name", ["a_b", "日本語", "../../evil", "My App"])
def test_the_bundle_identifier_has_only_letters_digits_dots_and_hyphens(name: str) -> None:
    identifier = macos.info(entry(name))["CFBundleIdentifier"]
    assert identifier.replace("-", "").replace(".", "").isalnum()
    assert identifier.isascii()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["", "a b", "it's", '"'],
        ["$HOME", "`id`", "$(id)", "\\"],
        ["a\nb", "\t", "*", "~", ";", "&", "#"],
        ["é", "%f"],
    ],
    ids=repr,
)
def test_the_launcher_gives_the_program_the_very_arguments(arguments: list[str]) -> None:
    bundle = macos.create(entry("Argument test", "-c", PRINT, *arguments))
    launched = subprocess.run([bundle / "Contents" / "MacOS" / "launch"], check=True, capture_output=True, text=True)
    assert json.loads(launched.stdout) == arguments


def test_creating_again_replaces_the_whole_bundle(tmp_path: Path, applications: Path) -> None:
    icon = tmp_path / "own.icns"
    icon.touch()
    macos.create(entry(icon=icon))
    bundle = macos.create(entry(comment="second"))
    assert properties(bundle)["CFBundleGetInfoString"] == "second"
    assert not (bundle / "Contents" / "Resources" / "icon.icns").exists()
    assert list(applications.iterdir()) == [bundle]


def test_a_failure_leaves_the_earlier_bundle_whole(tmp_path: Path, applications: Path) -> None:
    bundle = macos.create(entry(comment="first"))
    icon = tmp_path / "own.icns"
    icon.touch()
    broken = entry(comment="second", icon=icon)
    icon.unlink()
    with pytest.raises(FileNotFoundError):
        macos.create(broken)
    assert properties(bundle)["CFBundleGetInfoString"] == "first"
    assert list(applications.iterdir()) == [bundle]


def test_removing_takes_only_the_bundle_of_that_name(applications: Path) -> None:
    macos.create(entry("My App"))
    kept = macos.create(entry("Other"))
    assert macos.remove("My App") is True
    assert macos.remove("My App") is False
    assert list(applications.iterdir()) == [kept]


@pytest.mark.parametrize(
    "plist", [None, b"", b"not a plist", plistlib.dumps({"CFBundleName": "Safari"}), plistlib.dumps([])]
)
def test_a_bundle_that_others_made_is_neither_replaced_nor_removed(plist: bytes | None, applications: Path) -> None:
    contents = applications / "Safari.app" / "Contents"
    contents.mkdir(parents=True)
    if plist is not None:
        (contents / "Info.plist").write_bytes(plist)
    with pytest.raises(FileExistsError, match=r"Safari\.app was not made by create_entry"):
        macos.create(entry("Safari"))
    assert macos.remove("Safari") is False
    assert contents.exists()


def test_an_icon_of_another_kind_is_refused(tmp_path: Path) -> None:
    icon = tmp_path / "icon.png"
    icon.touch()
    with pytest.raises(ValueError, match=r"is not an \.icns file"):
        macos.create(entry(icon=icon))
