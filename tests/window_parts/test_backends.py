"""Which toolkit is chosen, and which line installs one where there is none."""

import sys
from pathlib import Path

import pytest

from wesktop.window import backends
from wesktop.window.backends import PIP_QT, choose, gtk_install_line, system_pygobject
from wesktopd.errors import NoBackendError


@pytest.fixture(autouse=True)
def on_a_plain_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment prefers a toolkit."""
    monkeypatch.setattr(sys, "platform", "linux")
    for variable in ("PYWEBVIEW_GUI", "KDE_FULL_SESSION"):
        monkeypatch.delenv(variable, raising=False)


def installed(monkeypatch: pytest.MonkeyPatch, *toolkits: str) -> None:
    """Let exactly these toolkits be there."""
    monkeypatch.setattr(backends, "has_gtk", lambda: "gtk" in toolkits)
    monkeypatch.setattr(backends, "has_qt", lambda: "qt" in toolkits)


@pytest.mark.parametrize(
    ("gui", "environ", "there", "chosen"),
    [
        (None, {}, ["gtk", "qt"], "gtk"),
        (None, {}, ["qt"], "qt"),
        (None, {"KDE_FULL_SESSION": "true"}, ["gtk", "qt"], "qt"),
        (None, {"KDE_FULL_SESSION": "true"}, ["gtk"], "gtk"),
        (None, {"PYWEBVIEW_GUI": "qt"}, ["gtk", "qt"], "qt"),
        (None, {"PYWEBVIEW_GUI": "cef"}, ["gtk"], "gtk"),
        ("gtk", {"PYWEBVIEW_GUI": "qt", "KDE_FULL_SESSION": "true"}, ["gtk", "qt"], "gtk"),
        ("qt", {}, ["gtk", "qt"], "qt"),
    ],
)
def test_the_toolkit_is_the_asked_for_one_else_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch, gui: str | None, environ: dict[str, str], there: list[str], chosen: str
) -> None:
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    installed(monkeypatch, *there)
    assert choose(gui) == chosen


@pytest.mark.parametrize(("gui", "there"), [(None, []), ("gtk", ["qt"]), ("qt", ["gtk"])])
def test_a_toolkit_that_is_missing_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, gui: str | None, there: list[str]
) -> None:
    installed(monkeypatch, *there)
    monkeypatch.setattr(backends, "gtk_install_line", lambda _: "sudo get gtk")
    with pytest.raises(NoBackendError) as raised:
        choose(gui)
    assert PIP_QT in raised.value.message
    assert ("Install one: sudo get gtk " in raised.value.message) == (gui != "qt")


def test_an_unknown_distribution_is_pointed_to_qt(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    monkeypatch.setattr(backends, "gtk_install_line", lambda _: None)
    with pytest.raises(NoBackendError) as raised:
        choose(None)
    assert PIP_QT in raised.value.message


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_the_choice_is_left_to_pywebview(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    installed(monkeypatch)
    assert choose(None) is None


@pytest.mark.parametrize(
    ("os_release", "line"),
    [
        ("ID=debian\n", "sudo apt install python3-gi gir1.2-webkit2-4.1"),
        (
            'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n',
            "sudo apt install python3-gi gir1.2-webkit2-4.1",
        ),
        ("ID=fedora\n", "sudo dnf install python3-gobject webkit2gtk4.1"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install python3-gobject webkit2gtk4.1"),
        ("ID=manjaro\nID_LIKE=arch\n", "sudo pacman -S --needed python-gobject webkit2gtk-4.1"),
        (
            'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n',
            "sudo zypper install python3-gobject typelib-1_0-WebKit2-4_1",
        ),
        ("# a comment\n\nID='alpine'\n", "sudo apk add py3-gobject3 webkit2gtk-4.1"),
        ("ID=nixos\n", None),
        ("", None),
    ],
)
def test_the_install_line_is_the_distribution_s_own(tmp_path: Path, os_release: str, line: str | None) -> None:
    (tmp_path / "os-release").write_text(os_release)
    assert gtk_install_line(tmp_path / "os-release") == line


def test_without_an_os_release_there_is_no_line(tmp_path: Path) -> None:
    assert gtk_install_line(tmp_path / "os-release") is None


@pytest.mark.parametrize(("minor", "found"), [(sys.version_info.minor, True), (sys.version_info.minor + 1, False)])
def test_the_system_s_pygobject_is_used_if_built_for_this_python(tmp_path: Path, minor: int, found: bool) -> None:
    (tmp_path / "gi").mkdir()
    (tmp_path / "gi" / f"_gi.cpython-3{minor}-x86_64-linux-gnu.so").touch()
    assert system_pygobject((str(tmp_path),)) == (tmp_path if found else None)
