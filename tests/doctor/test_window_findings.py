"""What is said of toolkits and displays, from what their probes have answered."""

import sys
from pathlib import Path
from typing import Any

import pytest

from wesktop.doctor import window
from wesktop.doctor.child import ProbeError
from wesktop.doctor.finding import Finding, Level
from wesktop.window.backends import PIP_QT

ROOT = Path(__file__).parents[2]

GTK = {
    "there": True,
    "pygobject": "3.42.2",
    "place": "/usr/lib/python3/dist-packages/gi",
    "gtk": "3.24.38",
    "webkit": "2.44.1",
    "api": "4.1",
    "display": True,
    "accessibility": True,
}
QT = {"there": True, "binding": "pyside6", "qt": "6.12.0", "chromium": "130.0"}
ABSENT = {"there": False}
DIED = ProbeError("it ends the process by SIGSEGV", [])
LIBRARY = ProbeError(
    "it ends the process with exit code 1: ImportError: libEGL.so.1: cannot open shared object file", []
)


@pytest.fixture(autouse=True)
def debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system whose install lines are known."""
    release = tmp_path / "os-release"
    release.write_text("ID=debian\n")
    monkeypatch.setattr(window, "OS_RELEASE", release)
    monkeypatch.setattr(window, "SYSTEM_PYTHON", tmp_path / "python3")
    for name in ("USER_NAMESPACES", "RESTRICTED_BY_APPARMOR"):
        monkeypatch.setattr(window, name, tmp_path / name)


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert isinstance(finding, Finding)
    return finding


@pytest.mark.parametrize(
    ("taken", "environ", "reason"),
    [
        ("gtk", {}, "it goes first"),
        ("qt", {}, "GTK, which goes first, is not there"),
        ("qt", {"KDE_FULL_SESSION": "true"}, "it goes first in a KDE session"),
        ("gtk", {"KDE_FULL_SESSION": "true"}, "Qt, which goes first, is not there"),
        ("qt", {"PYWEBVIEW_GUI": "QT"}, "PYWEBVIEW_GUI=QT asks for it"),
        ("gtk", {"PYWEBVIEW_GUI": "other"}, "it goes first"),
    ],
)
def test_why_a_toolkit_is_taken(taken: str, environ: dict[str, str], reason: str) -> None:
    assert window.why(taken, environ) == reason
    finding = only(window.taken_backend({"chosen": taken}, environ))
    assert (finding.level, reason in finding.text) == (Level.OK, True)


@pytest.mark.parametrize(
    ("chosen", "cure"),
    [
        ({"chosen": None}, "sudo apt install python3-gi gir1.2-webkit2-4.1"),
        (DIED, "export PYWEBVIEW_GUI=qt"),
    ],
)
def test_no_toolkit_is_a_problem(chosen: Any, cure: str) -> None:
    finding = only(window.taken_backend(chosen, {}))
    assert (finding.level, finding.cure) == (Level.PROBLEM, cure)


@pytest.mark.parametrize(
    ("gtk", "taken", "level", "says"),
    [
        (GTK, "gtk", Level.OK, "WebKitGTK 2.44.1"),
        (ABSENT, None, Level.OK, "GTK is not installed"),
        (DIED, "qt", Level.WARNING, "SIGSEGV"),
        (DIED, None, Level.PROBLEM, "SIGSEGV"),
    ],
)
def test_gtk(gtk: Any, taken: str | None, level: Level, says: str) -> None:
    finding = only(window.gtk_findings(gtk, taken))
    assert finding.level == level
    assert says in finding.text


def test_an_old_webkit_is_a_warning() -> None:
    _, finding = window.gtk_findings({**GTK, "webkit": "2.36.0"}, "gtk")
    assert (finding.level, finding.cure) == (Level.WARNING, "sudo apt install python3-gi gir1.2-webkit2-4.1")


@pytest.mark.parametrize(
    ("qt", "taken", "level", "says", "cure"),
    [
        (QT, "qt", Level.OK, "pyside6, Qt 6.12.0 (Chromium 130.0)", None),
        (ABSENT, "gtk", Level.OK, "not installed", None),
        (DIED, "gtk", Level.WARNING, "SIGSEGV", PIP_QT),
        (LIBRARY, "qt", Level.PROBLEM, "libEGL", window.QT_LIBRARIES),
    ],
)
def test_qt(qt: Any, taken: str | None, level: Level, says: str, cure: str | None) -> None:
    finding = only(window.qt_findings(qt, taken))
    assert (finding.level, finding.cure) == (level, cure)
    assert says in finding.text


def built_for(packages: Path, version: str) -> Path:
    (packages / "gi").mkdir()
    (packages / "gi" / f"_gi.cpython-{version}-x86_64-linux-gnu.so").touch()
    return packages


@pytest.mark.parametrize(
    ("failure", "missing", "level", "cure"),
    [
        (None, [], Level.OK, None),
        ("bubblewrap is not installed", ["bubblewrap"], Level.WARNING, "sudo apt install bubblewrap"),
        (
            "bubblewrap and xdg-dbus-proxy are not installed",
            ["bubblewrap", "xdg-dbus-proxy"],
            Level.WARNING,
            "sudo apt install bubblewrap xdg-dbus-proxy",
        ),
        ("bwrap: setting up uid map: Permission denied", [], Level.WARNING, None),
    ],
)
def test_webkits_sandbox(failure: str | None, missing: list[str], level: Level, cure: str | None) -> None:
    finding = only(window.webkit_sandbox(failure, missing))
    assert (finding.level, finding.cure) == (level, cure)
    assert failure is None or failure in finding.text


def test_namespaces_that_are_withheld_keep_webkits_sandbox_off_too(tmp_path: Path) -> None:
    (tmp_path / "RESTRICTED_BY_APPARMOR").write_text("1\n")
    finding = only(window.webkit_sandbox("bwrap: setting up uid map: Permission denied", []))
    assert finding.cure == "sudo sysctl kernel.RESTRICTED_BY_APPARMOR=0"


@pytest.mark.parametrize(("taken", "level"), [(None, Level.PROBLEM), ("qt", Level.WARNING)])
def test_a_pygobject_for_another_python_is_raised(tmp_path: Path, taken: str | None, level: Level) -> None:
    finding = only(window.mismatched_pygobject(ABSENT, taken, built_for(tmp_path, "39")))
    assert finding.level == level
    assert "for Python 3.9" in finding.text
    assert finding.cure == f"python3.9 -m venv .venv && .venv/bin/pip install {ROOT}"


def test_one_that_loads_or_none_at_all_is_no_mismatch(tmp_path: Path) -> None:
    assert [*window.mismatched_pygobject(ABSENT, None, tmp_path)] == []
    assert [*window.mismatched_pygobject(GTK, "gtk", built_for(tmp_path, "39"))] == []


def test_a_display_that_does_not_let_us_in_is_a_problem(tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as display:
        display.bind(str(tmp_path / "x"))
        display.listen()
        environ = {"DISPLAY": str(tmp_path / "x")}
        assert only(window.display_findings("gtk", GTK, environ)).level is Level.OK
        finding = only(window.display_findings("gtk", {**GTK, "display": False}, environ))
    assert (finding.level, finding.cure) == (Level.PROBLEM, "xhost +si:localuser:$(id -un)")


@pytest.mark.parametrize(
    ("taken", "environ", "root", "files", "level", "cure"),
    [
        ("gtk", {}, False, {}, Level.OK, None),
        ("gtk", {"WEBKIT_DISABLE_DMABUF_RENDERER": "1"}, False, {}, Level.OK, None),
        ("gtk", {"WEBKIT_DISABLE_DMABUF_RENDERER": "0"}, False, {}, Level.WARNING,
         "unset WEBKIT_DISABLE_DMABUF_RENDERER"),
        ("qt", {}, False, {}, Level.OK, None),
        ("qt", {}, True, {}, Level.WARNING, None),
        ("qt", {"QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox"}, True, {}, Level.WARNING, None),
        ("qt", {"QTWEBENGINE_CHROMIUM_FLAGS": "--x"}, True, {}, Level.PROBLEM,
         "export QTWEBENGINE_CHROMIUM_FLAGS='--x --no-sandbox'"),
        ("qt", {}, False, {"USER_NAMESPACES": "0\n"}, Level.PROBLEM,
         "sudo sysctl kernel.USER_NAMESPACES=1"),
        ("qt", {}, False, {"RESTRICTED_BY_APPARMOR": "1\n"}, Level.PROBLEM,
         "sudo sysctl kernel.RESTRICTED_BY_APPARMOR=0"),
        ("qt", {}, False, {"RESTRICTED_BY_APPARMOR": "0\n", "USER_NAMESPACES": "1\n"}, Level.OK, None),
        ("qt", {"QTWEBENGINE_DISABLE_SANDBOX": "1"}, False, {"USER_NAMESPACES": "0"}, Level.OK, None),
    ],
)  # fmt: skip
def test_known_troubles(
    tmp_path: Path,
    taken: str,
    environ: dict[str, str],
    root: bool,
    files: dict[str, str],
    level: Level,
    cure: str | None,
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    finding = only(window.known_troubles(taken, GTK, environ, root=root))
    assert (finding.level, finding.cure) == (level, cure)


@pytest.mark.parametrize(
    ("system", "line"),
    [
        (f"python3.{sys.version_info.minor}", "sudo apt install python3-gi gir1.2-webkit2-4.1"),
        ("python3.1", PIP_QT),
    ],
)
def test_the_systems_gtk_is_for_the_systems_python(tmp_path: Path, system: str, line: str) -> None:
    (tmp_path / system).touch()
    (tmp_path / "python3").symlink_to(system)
    assert window.install_line() == line


def test_what_is_off_is_not_said_to_do_harm() -> None:
    finding = only(window.known_troubles("gtk", GTK, {}, root=False))
    assert finding.text == (
        "WebKitGTK's DMABUF renderer, which may leave windows blank on NVIDIA and Wayland, is off"
    )
