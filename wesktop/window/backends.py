"""The GUI toolkit of the window: which one is used, and how to install one."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from wesktop.extras import install_command
from wesktopd.errors import NoBackendError

PIP_QT = install_command("qt")

# By ID or ID_LIKE of os-release(5): what installs packages, and PyGObject's and WebKitGTK's.
_INSTALL = {
    "debian": ("sudo apt install", "python3-gi gir1.2-webkit2-4.1"),
    "fedora": ("sudo dnf install", "python3-gobject webkit2gtk4.1"),
    "rhel": ("sudo dnf install", "python3-gobject webkit2gtk4.1"),
    "arch": ("sudo pacman -S --needed", "python-gobject webkit2gtk-4.1"),
    "suse": ("sudo zypper install", "python3-gobject typelib-1_0-WebKit2-4_1"),
    "alpine": ("sudo apk add", "py3-gobject3 webkit2gtk-4.1"),
}
_SYSTEM_PACKAGES = (
    "/usr/lib/python3/dist-packages",
    "/usr/lib64/python3.{minor}/site-packages",
    "/usr/lib/python3.{minor}/site-packages",
    "/usr/local/lib/python3/dist-packages",
)


def choose(gui: str | None) -> str | None:
    """The toolkit to use: `gui` if it is installed, else what is, GTK first (Qt first in a KDE session).

    None leaves it to pywebview, on macOS and Windows. Raises NoBackendError, with the line to install one.
    """
    if sys.platform in ("darwin", "win32"):
        return gui
    wanted = gui or os.environ.get("PYWEBVIEW_GUI", "").lower()
    if wanted in ("gtk", "qt"):
        order = [wanted]
    else:
        order = ["qt", "gtk"] if "KDE_FULL_SESSION" in os.environ else ["gtk", "qt"]
    for candidate in order:
        if (has_gtk if candidate == "gtk" else has_qt)():
            return candidate
    raise NoBackendError(_how_to_install(wanted))


def has_gtk() -> bool:
    """Return whether PyGObject with GTK 3 and WebKit2GTK works; make the system's PyGObject importable if needed."""
    if find_spec("gi") is None:
        packages = system_pygobject()
        if packages is None:
            return False
        sys.path.append(str(packages))  # behind our own: it only adds what is missing here
    try:
        import gi

        repository = gi.Repository.get_default()
    except Exception:  # one that is broken is none: there may be Qt. `wesktop doctor` says what is wrong
        return False
    return bool(repository.enumerate_versions("Gtk") and repository.enumerate_versions("WebKit2"))


def system_pygobject(roots: tuple[str, ...] = _SYSTEM_PACKAGES) -> Path | None:
    """Return the system's directory with a PyGObject built for this minor version of Python."""
    major, minor = sys.version_info[:2]
    for root in roots:
        packages = Path(root.format(minor=minor))
        if any((packages / "gi").glob(f"_gi.cpython-{major}{minor}-*.so")):
            return packages
    return None


def has_qt() -> bool:
    """Return whether QtPy is installed, with a Qt 6 for it that has WebEngine."""
    return find_spec("qtpy") is not None and qt_binding() is not None


def qt_binding() -> str | None:
    """The package of Qt 6 for Python that has WebEngine."""
    for package in ("PySide6", "PyQt6"):
        if find_spec(package) and find_spec(f"{package}.QtWebEngineWidgets"):
            return package
    return None


def _how_to_install(wanted: str) -> str:
    if wanted == "qt":
        return f"gui 'qt' was asked for, but Qt for Python is not installed. Install it: {PIP_QT}"
    line = gtk_install_line(Path("/etc/os-release"))
    major, minor = sys.version_info[:2]
    if line is None:
        return f"no GUI toolkit is installed. Install one: {PIP_QT}"
    return (
        f"no GUI toolkit is installed for Python {major}.{minor}. Install one: {line}  "
        f"(where the system's Python is not {major}.{minor}: {PIP_QT})"
    )


def gtk_install_line(os_release: Path, packages: str | None = None) -> str | None:
    """The line that installs GTK's part on this distribution, or `packages`; None for one that we do not know."""
    try:
        pairs = (line.split("=", 1) for line in os_release.read_text().splitlines() if "=" in line)
        fields = {key: value.strip("'\"") for key, value in pairs}
    except OSError:
        return None
    for distribution in [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]:
        for known, (command, gtk) in _INSTALL.items():
            if distribution == known or (known == "suse" and "suse" in distribution):
                return f"{command} {packages or gtk}"
    return None
