"""Bundles for macOS. Their files are looked at and the launcher is run; no Mac has seen them.

osacompile and codesign, which every Mac has, are stood in for by scripts that leave what those are documented to.
"""

import json
import os
import plistlib
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entries.conftest import Tree
from entries.pictures import SVG, png, saved
from wesktop.entries import installing
from wesktop.entries.entry import Entry, check_entry
from wesktop.entries.macos import bundle
from wesktop.entries.macos import platform as macos

PRINT = "import json, sys; print(json.dumps(sys.argv[1:]))"

OSACOMPILE = """\
#!/bin/sh
test "$1" = -o && test "$3" = -e || exit 2
mkdir -p "$2/Contents/MacOS" "$2/Contents/Resources/Scripts"
printf %s "$4" > "$2/Contents/Resources/Scripts/main.scpt"
echo applet > "$2/Contents/MacOS/applet"
cat > "$2/Contents/Info.plist" <<END
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>applet</string>
<key>CFBundleIconName</key><string>applet</string>
<key>CFBundleName</key><string>new</string>
<key>OSAAppletShowStartupScreen</key><false/>
</dict></plist>
END
"""
CODESIGN = '#!/bin/sh\ntest "$1 $2 $3" = "--force --sign -" && mkdir "$4/Contents/_CodeSignature"\n'


@pytest.fixture
def applications(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own directory: this system has no /Applications."""
    return own_home / "Applications"


@pytest.fixture
def mac_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in (("osacompile", OSACOMPILE), ("codesign", CODESIGN)):
        saved(tools / name, script.encode()).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return tools


def entry(name: str = "My App", *arguments: str, **options: Any) -> Entry:
    return check_entry(name, shlex.join([sys.executable, *arguments]), **options)


def create(made: Entry) -> Path:
    return installing.create(made, macos)


def properties(app: Path) -> Any:
    return plistlib.loads((app / "Contents" / "Info.plist").read_bytes())


def test_a_bundle_has_the_layout_that_the_system_expects(tmp_path: Path, applications: Path) -> None:
    icon = saved(tmp_path / "own.icns", b"icns....")
    app = create(entry(icon=icon, comment="Vital signs"))
    assert app == applications / "My App.app"
    said = properties(app)
    assert (said["CFBundleName"], said["CFBundlePackageType"]) == ("My App", "APPL")
    assert said["CFBundleGetInfoString"] == "Vital signs"
    assert (app / "Contents" / "Resources" / said["CFBundleIconFile"]).read_bytes() == b"icns...."
    program = app / "Contents" / "MacOS" / said["CFBundleExecutable"]
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert list(applications.iterdir()) == [app]


@pytest.mark.parametrize("text", ["A & <B>", "</string><key>x</key>", "]]>", '"quoted"', "é 日本語", "a\nb\tc"])
def test_the_property_list_holds_the_very_name_and_comment(text: str) -> None:
    said = properties(create(entry(text, comment=text)))
    assert (said["CFBundleDisplayName"], said["CFBundleGetInfoString"]) == (text, text)


@pytest.mark.parametrize("name", ["a_b", "日本語", "../../evil", "My App"])
def test_the_bundle_identifier_has_only_letters_digits_dots_and_hyphens(name: str) -> None:
    identifier = bundle.info(entry(name))["CFBundleIdentifier"]
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
@pytest.mark.parametrize("opened", [[], ["app://x?a=b&c='d'", "/a b/c"]])
def test_the_launcher_gives_the_program_the_very_arguments(
    arguments: list[str], opened: list[str], mac_tools: Path
) -> None:
    app = create(entry("Argument test", "-c", PRINT, *arguments, url_schemes=["app"] if opened else None))
    launch = app / "Contents" / ("Resources" if opened else "MacOS") / "launch"
    launched = subprocess.run([launch, *opened], check=True, capture_output=True, text=True)
    assert json.loads(launched.stdout) == [*arguments, *opened]


def test_the_launcher_starts_in_the_directory_asked_for(tmp_path: Path) -> None:
    directory = tmp_path / "it's $x"
    directory.mkdir()
    app = create(entry("App", "-c", "import os; print(os.getcwd())", working_dir=directory))
    done = subprocess.run([app / "Contents" / "MacOS" / "launch"], check=True, capture_output=True, text=True)
    assert done.stdout == f"{directory}\n"


def test_no_launcher_is_shorter_than_macos_starts() -> None:
    assert len(bundle.launcher(check_entry("App", "sh"))) > 28


def test_what_opens_links_is_an_applet_with_a_fixed_script(mac_tools: Path, tmp_path: Path) -> None:
    hostile = 'a" & do shell script "id" & "'
    app = create(
        entry(hostile, hostile, comment=hostile, url_schemes=["app"], mime_types=["text/csv"],
              icon=saved(tmp_path / "i.png", png(64)))
    )  # fmt: skip
    contents = app / "Contents"
    assert (contents / "Resources" / "Scripts" / "main.scpt").read_text() == bundle.APPLET
    said = properties(app)
    assert said["CFBundleExecutable"] == "applet"  # what the compiler has written stays
    assert said["OSAAppletShowStartupScreen"] is False
    assert said["CFBundleDisplayName"] == hostile
    assert (said["CFBundleIconFile"], "CFBundleIconName" in said) == ("icon.icns", False)
    assert said["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["app"]
    assert said["CFBundleDocumentTypes"][0]["CFBundleTypeMIMETypes"] == ["text/csv"]
    assert said["CFBundleDocumentTypes"][0]["CFBundleTypeExtensions"] == ["csv"]
    assert (contents / "_CodeSignature").is_dir()


def test_without_links_and_files_nothing_is_said_of_them() -> None:
    said = properties(create(entry()))
    assert not {"CFBundleURLTypes", "CFBundleDocumentTypes", "LSUIElement"} & set(said)


@pytest.mark.parametrize("tool", ["osacompile", "codesign"])
def test_a_compiler_that_fails_leaves_the_earlier_bundle_and_its_words(
    tool: str, mac_tools: Path, tree: Callable[[], Tree]
) -> None:
    create(entry(comment="first"))
    before = tree()
    saved(mac_tools / tool, b"#!/bin/sh\necho broken >&2\nexit 1\n")
    with pytest.raises(OSError, match=f"{tool}.*broken"):
        create(entry(url_schemes=["app"]))
    assert tree() == before


def test_what_a_killed_process_has_left_can_be_removed(mac_tools: Path, own_home: Path) -> None:
    saved(mac_tools / "codesign", b"#!/bin/sh\nkill -KILL $PPID\n")
    script = (
        "from wesktop.entries import installing; from wesktop.entries.macos import platform as macos;"
        "from wesktop.entries.entry import check_entry;"
        "installing.create(check_entry('App', 'sh', url_schemes=['app'], autostart=True), macos)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL
    assert installing.remove("App", macos) is True
    assert [path for path in own_home.rglob("*") if not path.is_dir() and ".wesktop-" not in str(path)] == []
    assert create(entry("App")).exists()


def test_what_starts_at_login_is_an_agent_of_the_user(own_home: Path) -> None:
    hostile = ["a b", "$x", "</string>", "é"]
    create(entry("My_App", *hostile, app_id="my.app", autostart=True, working_dir=own_home))
    path = own_home / "Library" / "LaunchAgents" / "my.app.autostart.plist"
    said = plistlib.loads(path.read_bytes())
    assert said == {
        "Label": "my.app.autostart",
        "ProgramArguments": [sys.executable, *hostile],
        "RunAtLoad": True,
        "LimitLoadToSessionType": "Aqua",
        "ProcessType": "Interactive",
        "AssociatedBundleIdentifiers": ["my.app"],
        "WorkingDirectory": str(own_home),
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o644  # launchd takes none that others can write


@pytest.mark.parametrize("options", [{}, {"url_schemes": ["app"]}], ids=["script", "applet"])
def test_nobody_else_can_write_in_a_bundle_whatever_the_umask(options: dict[str, Any], mac_tools: Path) -> None:
    before = os.umask(0)
    try:
        app = create(entry(**options))
    finally:
        os.umask(before)
    loose = [path for path in (app, *app.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o022]
    assert [path for path in loose if path.name != "_CodeSignature"] == []  # codesign's own, which is stood in for


def test_creating_again_replaces_the_whole_bundle(tmp_path: Path, applications: Path, own_home: Path) -> None:
    create(entry(icon=saved(tmp_path / "own.icns", b"icns...."), autostart=True))
    app = create(entry(comment="second"))
    assert properties(app)["CFBundleGetInfoString"] == "second"
    assert not (app / "Contents" / "Resources" / "icon.icns").exists()
    assert list(applications.iterdir()) == [app]
    assert list((own_home / "Library" / "LaunchAgents").iterdir()) == []


def test_removing_takes_only_what_was_made_for_that_name(applications: Path, tree: Callable[[], Tree]) -> None:
    kept = create(entry("Other"))
    create(entry("My App", autostart=True))
    assert installing.remove("My App", macos) is True
    assert installing.remove("My App", macos) is False
    assert list(applications.iterdir()) == [kept]
    assert installing.remove("Other", macos) is True
    assert tree() == {}


def test_a_bundle_that_others_made_is_neither_replaced_nor_removed(
    applications: Path, tree: Callable[[], Tree]
) -> None:
    (applications / "Safari.app" / "Contents").mkdir(parents=True)
    before = tree()
    with pytest.raises(FileExistsError, match=r"Safari\.app exists"):
        create(entry("Safari"))
    assert installing.remove("Safari", macos) is False
    assert tree() == before


@pytest.mark.parametrize(
    ("icon", "words"),
    [
        ("utilities-terminal", "names one of a theme, and macOS has none"),
        (SVG, "is an SVG"),
        (b"x", "is not an image"),
    ],
)
def test_an_icon_that_macos_cannot_show_is_refused(icon: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        create(entry(icon=icon if isinstance(icon, str) else saved(tmp_path / "icon.png", icon)))
