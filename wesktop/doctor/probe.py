"""Loads modules and toolkits, which may crash the process: `python -m wesktop.doctor.probe WHAT [NAME ...]`.

WHAT is `import` with names of modules, `gui`, `gtk` or `qt`. Prints JSON objects, one per line, unbuffered.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

PATIENCE = 5000  # milliseconds for the session bus to start a service


def answer(**facts: object) -> None:
    """Print an answer immediately: the next step may crash the process."""
    print(json.dumps(facts), flush=True)  # noqa: T201


def modules(names: list[str]) -> None:
    """Import each module; announce it first, as it may crash the process."""
    for name in names:
        answer(importing=name)
        try:
            importlib.import_module(name)
        except Exception as error:
            answer(module=name, error=_description(error))
        else:
            answer(module=name, error=None)


def gui(_: list[str]) -> None:
    """Find the toolkit that a window would use."""
    from wesktop.window.backends import choose
    from wesktopd.errors import NoBackendError

    try:
        answer(chosen=choose(None), error=None)
    except NoBackendError as error:
        answer(chosen=None, error=error.message)


def gtk(_: list[str]) -> None:
    """Load PyGObject, GTK 3 and WebKitGTK; print their versions, and whether they can open the display.

    Also whether the desktop's accessibility service answers, for which both wait.
    """
    from wesktop.window.backends import has_gtk

    if not has_gtk():
        answer(there=False)
        return
    os.environ["NO_AT_BRIDGE"] = "1"  # else GTK would wait for it here
    import gi

    gi.require_version("Gdk", "3.0")
    gi.require_version("Gtk", "3.0")
    name = "4.1" if "4.1" in gi.Repository.get_default().enumerate_versions("WebKit2") else "4.0"
    gi.require_version("WebKit2", name)
    from gi.repository import Gdk, Gtk, WebKit2

    answer(
        there=True,
        pygobject=gi.__version__,
        place=str(gi.__path__[0]),
        gtk=f"{Gtk.get_major_version()}.{Gtk.get_minor_version()}.{Gtk.get_micro_version()}",
        webkit=f"{WebKit2.get_major_version()}.{WebKit2.get_minor_version()}.{WebKit2.get_micro_version()}",
        api=name,
        display=Gdk.Display.get_default() is not None,
        accessibility=_accessibility_answers(),
    )


def _accessibility_answers() -> bool:
    """Return whether the session bus answers immediately where accessibility is, or that it is off (at-spi2-core)."""
    from gi.repository import Gio, GLib

    name, path = "org.a11y.Bus", "/org/a11y/bus"
    try:
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        bus.call_sync(name, path, name, "GetAddress", None, None, Gio.DBusCallFlags.NONE, PATIENCE, None)
    except GLib.Error as error:
        return not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
    return True


def qt(_: list[str]) -> None:
    """Load QtPy, Qt for Python and WebEngine; print their versions."""
    from wesktop.window.backends import has_qt

    if not has_qt():
        answer(there=False)
        return
    import qtpy
    from qtpy import QtWebEngineCore, QtWebEngineWidgets  # noqa: F401

    chromium: Callable[[], Any] = getattr(QtWebEngineCore, "qWebEngineChromiumVersion", lambda: None)
    answer(there=True, binding=qtpy.API_NAME, qt=qtpy.QT_VERSION, chromium=chromium())


def _description(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


PROBES: dict[str, Callable[[list[str]], None]] = {"import": modules, "gui": gui, "gtk": gtk, "qt": qt}

if __name__ == "__main__":
    PROBES[sys.argv[1]](sys.argv[2:])
