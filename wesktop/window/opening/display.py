"""Check for a display to open a window on: GTK and Qt end the process if there is none."""

import contextlib
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from wesktopd.errors import NoDisplayError

X11_PORT = 6000
TIMEOUT = 3.0
WITHOUT_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")  # Qt platforms that draw elsewhere


def check_display(gui: str | None, environ: Mapping[str, str] = os.environ) -> None:
    """Raise NoDisplayError when neither a Wayland compositor nor an X server answers (Linux and BSD only)."""
    if sys.platform in ("darwin", "win32"):
        return
    if gui != "gtk" and environ.get("QT_QPA_PLATFORM", "").startswith(WITHOUT_DISPLAY):
        return
    wayland, x11 = environ.get("WAYLAND_DISPLAY"), environ.get("DISPLAY")
    if wayland and _answers(_wayland_address(wayland, environ)):
        return
    if x11 and any(_answers(address) for address in _x11_addresses(x11)):
        return
    silent = [f"{name}={value!r} does not answer" for name, value in _named(wayland, x11) if value]
    raise NoDisplayError(
        f"there is no display: {' and '.join(silent) or 'neither WAYLAND_DISPLAY nor DISPLAY is set'}. "
        "Start it from a desktop session, or on a virtual display with `xvfb-run -a python ...`."
    )


def _named(wayland: str | None, x11: str | None) -> list[tuple[str, str | None]]:
    return [("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)]


def _wayland_address(display: str, environ: Mapping[str, str]) -> str:
    return str(Path(environ.get("XDG_RUNTIME_DIR", "/run")) / display)  # an absolute display stays as it is


def _x11_addresses(display: str) -> list[str | tuple[str, int]]:
    """Return the address of the X server of that name (X(7), "display names": [host]:number[.screen])."""
    if display.startswith("/"):  # a socket's path, as XQuartz has it
        return [display]
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdecimal():
        return []
    if host in ("", "unix"):
        return [f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"]  # noqa: S108  the X server's
    return [(host.strip("[]"), X11_PORT + int(number))]


def _answers(address: str | tuple[str, int]) -> bool:
    with contextlib.suppress(OSError):
        if isinstance(address, tuple):
            socket.create_connection(address, TIMEOUT).close()
            return True
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(TIMEOUT)
            sock.connect(address)
            return True
    return False
