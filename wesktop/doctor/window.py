"""Checks what a window needs: a toolkit, a display, and the absence of known problems."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from wesktop.doctor.child import ProbeError, probe
from wesktop.doctor.finding import Finding, ok, problem, warning
from wesktop.doctor.source import install_source
from wesktop.window.backends import PIP_QT, gtk_install_line
from wesktop.window.gtk import sandbox
from wesktop.window.opening.display import check_display
from wesktopd.errors import NoDisplayError
from wesktopd.system import is_root

SYSTEM_PYTHON = Path("/usr/bin/python3")
OS_RELEASE = Path("/etc/os-release")
SYSTEM_PACKAGES = Path("/usr/lib/python3/dist-packages")
USER_NAMESPACES = Path("/proc/sys/kernel/unprivileged_userns_clone")  # Debian's
RESTRICTED_BY_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")  # Ubuntu's, since 23.10
QT_LIBRARIES = (
    "sudo apt install libegl1 libgl1 libopengl0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 "
    "libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 libxkbfile1 libnss3 libasound2 libxcomposite1 "
    "libxdamage1 libxrandr2 libxtst6"
)
Probed = dict[str, Any] | ProbeError


def check_window() -> Iterator[Finding]:
    """Check everything for windows. All installed toolkits are tried, not only the one that would be used."""
    if sys.platform == "darwin":
        yield from check_macos()
        return
    if sys.platform == "win32":
        yield from check_windows()
        return
    chosen, gtk, qt = _probed("gui"), _probed("gtk"), _probed("qt")
    taken = None if isinstance(chosen, ProbeError) else chosen["chosen"]
    yield from taken_backend(chosen, os.environ)
    yield from gtk_findings(gtk, taken)
    yield from qt_findings(qt, taken)
    yield from mismatched_pygobject(gtk, taken, SYSTEM_PACKAGES)
    yield from display_findings(taken, gtk, os.environ)
    yield from known_troubles(taken, gtk, os.environ, root=is_root())
    if taken == "gtk":
        yield from webkit_sandbox(sandbox.Trial().failure(), sandbox.missing())


def _probed(what: str) -> Probed:
    try:
        answers = probe(what)
    except ProbeError as error:
        return error
    return answers[-1] if answers else ProbeError("it does not answer", [])


def taken_backend(chosen: Probed, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find the toolkit that a window would use, and why."""
    if isinstance(chosen, ProbeError):
        yield problem(
            f"a window would not open: choosing a toolkit fails ({chosen}): give one by --gui",
            "export PYWEBVIEW_GUI=qt" if environ.get("PYWEBVIEW_GUI", "").lower() != "qt" else PIP_QT,
        )
    elif chosen["chosen"] is None:
        yield problem("no GUI toolkit can be used", install_line())
    else:
        yield ok(f"a window takes {_NAMES[chosen['chosen']]}: {why(chosen['chosen'], environ)}")


def install_line() -> str:
    """Return the command that installs GTK, if this is the system's Python, which alone can load it; else Qt."""
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    theirs = SYSTEM_PYTHON.resolve().name
    line = gtk_install_line(OS_RELEASE) if theirs in (ours, SYSTEM_PYTHON.name) else None
    return line or PIP_QT


_NAMES = {"gtk": "GTK", "qt": "Qt"}


def why(taken: str, environ: Mapping[str, str]) -> str:
    """Return why wesktop.window.backends prefers this toolkit."""
    if environ.get("PYWEBVIEW_GUI", "").lower() in _NAMES:
        return f"PYWEBVIEW_GUI={environ['PYWEBVIEW_GUI']} asks for it"
    kde = "KDE_FULL_SESSION" in environ
    first = "qt" if kde else "gtk"
    if taken == first:
        return "it goes first in a KDE session" if kde else "it goes first"
    return f"{_NAMES[first]}, which goes first, is not there"


def gtk_findings(gtk: Probed, taken: str | None) -> Iterator[Finding]:
    """Check PyGObject, GTK and WebKitGTK."""
    if isinstance(gtk, ProbeError):
        kind = problem if taken in ("gtk", None) else warning
        yield kind(f"GTK does not load: {gtk}", install_line())
    elif gtk["there"]:
        yield ok(
            f"WebKitGTK {gtk['webkit']} (API {gtk['api']}), GTK {gtk['gtk']}, "
            f"PyGObject {gtk['pygobject']} in {gtk['place']}"
        )
        if numbers(gtk["webkit"]) < (2, 38):
            yield warning(
                f"WebKitGTK {gtk['webkit']} is old, and lacks features that current pages use", install_line()
            )
    else:
        yield ok("GTK is not installed")


def qt_findings(qt: Probed, taken: str | None) -> Iterator[Finding]:
    """Check Qt for Python and WebEngine."""
    if isinstance(qt, ProbeError):
        kind = problem if taken == "qt" else warning
        missing = "cannot open shared object file" in str(qt)
        debian = (gtk_install_line(OS_RELEASE) or "").startswith("sudo apt")
        yield kind(f"Qt does not load: {qt}", QT_LIBRARIES if missing and debian else PIP_QT)
    elif qt["there"]:
        chromium = f" (Chromium {qt['chromium']})" if qt["chromium"] else ""
        yield ok(f"{qt['binding']}, Qt {qt['qt']}{chromium}")
    else:
        yield ok(f"Qt for Python is not installed ({PIP_QT})")


def mismatched_pygobject(gtk: Probed, taken: str | None, packages: Path) -> Iterator[Finding]:
    """Report a PyGObject of the system that was built for another minor version of Python."""
    if not isinstance(gtk, ProbeError) and gtk["there"]:
        return
    ours = f"{sys.version_info.major}{sys.version_info.minor}"
    built = sorted(path.name.split("-")[1] for path in (packages / "gi").glob("_gi.cpython-*.so"))
    if built and ours not in built:
        theirs = f"{built[0][0]}.{built[0][1:]}"
        kind = warning if taken else problem
        yield kind(
            f"the system's PyGObject is for Python {theirs}, this is {ours[0]}.{ours[1:]}: it does not load",
            f"python{theirs} -m venv .venv && .venv/bin/pip install {install_source()}",
        )


def display_findings(taken: str | None, gtk: Probed, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check that a display answers, and accepts this user."""
    try:
        check_display(taken, environ)
    except NoDisplayError as error:
        yield problem(error.message, "xvfb-run -a wesktop run module:app")
        return
    shown = environ.get("WAYLAND_DISPLAY") or environ.get("DISPLAY") or environ.get("QT_QPA_PLATFORM", "")
    if taken == "gtk" and not isinstance(gtk, ProbeError) and gtk["there"] and not gtk["display"]:
        yield problem(f"display {shown!r} answers, but rejects this user", "xhost +si:localuser:$(id -un)")
    else:
        yield ok(f"display {shown!r} answers")


def known_troubles(taken: str | None, gtk: Probed, environ: Mapping[str, str], *, root: bool) -> Iterator[Finding]:
    """Check for known problems that are hard to diagnose."""
    if taken == "gtk":
        yield from _dmabuf(environ)
        yield from _accessibility(gtk)
    if taken == "qt":
        yield from _chromium_sandbox(environ, root=root)


def _dmabuf(environ: Mapping[str, str]) -> Iterator[Finding]:
    """WebKitGTK's renderer by DMABUF leaves windows blank on NVIDIA, and with some Wayland compositors."""
    value = environ.get("WEBKIT_DISABLE_DMABUF_RENDERER")
    if value in (None, "1"):
        yield ok("WebKitGTK's DMABUF renderer, which may leave windows blank on NVIDIA and Wayland, is off")
    else:
        yield warning(
            f"WEBKIT_DISABLE_DMABUF_RENDERER={value} has WebKitGTK draw by DMABUF, which fails on NVIDIA and Wayland",
            "unset WEBKIT_DISABLE_DMABUF_RENDERER",
        )


def _accessibility(gtk: Probed) -> Iterator[Finding]:
    """GTK and WebKit each wait 25 s for the accessibility bus if the desktop does not start it."""
    if not isinstance(gtk, ProbeError) and gtk["there"] and not gtk["accessibility"]:
        yield warning(
            "the desktop's accessibility service does not answer: each window waits up to a minute for it",
            "systemctl --user restart at-spi-dbus-bus.service",
        )


def _chromium_sandbox(environ: Mapping[str, str], *, root: bool) -> Iterator[Finding]:
    """Chromium's sandbox does not work as root, nor without user namespaces."""
    flags = environ.get("QTWEBENGINE_CHROMIUM_FLAGS")
    off = "--no-sandbox" in (flags or "").split() or environ.get("QTWEBENGINE_DISABLE_SANDBOX") == "1"
    add = f"export QTWEBENGINE_CHROMIUM_FLAGS='{f'{flags} ' if flags else ''}--no-sandbox'"
    if root and flags is not None and not off:
        yield problem(f"Chromium does not run as root with its sandbox, and the flags are {flags!r}", add)
    elif root:
        yield warning("Chromium's sandbox is off, as it does not work as root: show only pages of your own")
    elif not off and (cure := _withheld_namespaces()) is not None:
        yield problem("Chromium's sandbox cannot be set up: users may not create namespaces", cure)
    else:
        yield ok("Chromium's sandbox is off, as asked for" if off else "Chromium's sandbox can be set up")


def webkit_sandbox(failure: str | None, missing: list[str]) -> Iterator[Finding]:
    """Check WebKitGTK's sandbox; a window runs without it if it cannot be set up. missing: packages."""
    if failure is None:
        yield ok("WebKitGTK's sandbox can be set up")
    else:
        cure = gtk_install_line(OS_RELEASE, " ".join(missing)) if missing else _withheld_namespaces()
        yield warning(f"a window's page runs without WebKitGTK's sandbox: {failure}", cure)


def _withheld_namespaces() -> str | None:
    """Return the command that lets users create namespaces; None if they may."""
    for path, bad in ((RESTRICTED_BY_APPARMOR, "1"), (USER_NAMESPACES, "0")):
        try:
            withheld = path.read_text().strip() == bad
        except OSError:
            continue
        if withheld:
            return f"sudo sysctl kernel.{path.name}={1 - int(bad)}"
    return None


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def check_macos() -> Iterator[Finding]:
    """Check PyObjC, through which pywebview uses the system's WebKit. Not run on a Mac."""
    from wesktop.doctor.python import loading_errors

    errors = loading_errors(["WebKit"])
    if errors:
        yield problem(f"PyObjC's WebKit does not load: {errors['WebKit']}", "pip install pyobjc-framework-WebKit")
    else:
        yield ok(f"a window takes Cocoa and WebKit of macOS {platform.mac_ver()[0]}")


WEBVIEW2 = r"Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"


def check_windows() -> Iterator[Finding]:
    """Check the WebView2 runtime, by the registry ("Distribute your app and the WebView2 Runtime"). Not run on it."""
    version = webview2_version()
    if version is None:
        yield problem("the WebView2 runtime is not installed", "winget install Microsoft.EdgeWebView2Runtime")
    else:
        yield ok(f"a window takes WebView2 {version}")


def webview2_version() -> str | None:
    """Return the installed version, or None (in the registry also 0.0.0.0)."""
    winreg: Any = import_module("winreg")  # known to type checkers only on Windows
    for root, path in (
        (winreg.HKEY_LOCAL_MACHINE, rf"SOFTWARE\WOW6432Node\{WEBVIEW2}"),
        (winreg.HKEY_LOCAL_MACHINE, rf"SOFTWARE\{WEBVIEW2}"),
        (winreg.HKEY_CURRENT_USER, rf"Software\{WEBVIEW2}"),
    ):
        try:
            with winreg.OpenKey(root, path) as key:
                version = str(winreg.QueryValueEx(key, "pv")[0])
        except OSError:
            continue
        if version not in ("", "0.0.0.0"):  # noqa: S104  a version
            return version
    return None
