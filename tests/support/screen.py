"""A screen of one's own: Xvfb with openbox on it, and what there is to see."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.framebuffer import Framebuffer, Picture
from support.waiting import wait_for

SIZE = "1400x960x24"
TOOLS_TIMEOUT = 30.0


class Screen:
    """The X display `display` and its windows, each named by its X11 ID."""

    def __init__(self, display: str, framebuffer: Framebuffer) -> None:
        self.display = display
        self._framebuffer = framebuffer
        self._env = {**os.environ, "DISPLAY": display}

    def windows(self, name: str) -> list[str]:
        """The windows on the screen whose class is `name`."""
        lines = [line.split() for line in self.listing().splitlines()]
        return [window for window, _, wm_class, *_ in lines if wm_class == f"{name}.{name}"]

    def window(self, name: str) -> str:
        """The one window of that class, once it is there."""
        found = wait_for(lambda: self.windows(name), f"a window of class {name!r}")
        assert len(found) == 1
        return found[0]

    def wait_until_empty(self) -> None:
        """Wait until the windows of those that were killed are gone."""
        wait_for(lambda: "0x" not in self._tool("xprop", "-root", "_NET_CLIENT_LIST"), "an empty screen")

    def listing(self) -> str:
        """All windows on the screen, a line each: ID, desktop, class, host, title."""
        # It fails where a window goes away while it looks, and before there has been any.
        done = wait_for(lambda: self._attempt("wmctrl", "-lx"), "a list of the windows")
        return done.stdout.decode(errors="replace")

    def close(self, window: str) -> None:
        """Close it as its close button does."""
        self._tool("wmctrl", "-i", "-c", window)

    def place(self, window: str, x: int, y: int, width: int, height: int) -> None:
        """Move and resize it, as its user does with its frame."""
        self._tool("wmctrl", "-i", "-r", window, "-e", f"0,{x},{y},{width},{height}")

    def minimize(self, window: str) -> None:
        """Press its minimise button."""
        self._tool("xdotool", "windowminimize", "--sync", window)

    def maximize(self, window: str, *, on: bool) -> None:
        """Press its maximise button, or its restore button."""
        action = "add" if on else "remove"
        self._tool("wmctrl", "-i", "-r", window, "-b", f"{action},maximized_vert,maximized_horz")

    def area(self, window: str) -> tuple[int, ...]:
        """Where it is, within its frame: x, y, width, height."""
        return _area(self._tool("xwininfo", "-id", window))

    def point(self, window: str, x: int, y: int) -> None:
        """Move the pointer to that place in it."""
        self._tool("xdotool", "mousemove", "--window", window, str(x), str(y))

    def click(self, button: int = 1) -> None:
        """Click where the pointer is; the third button is the right one."""
        self._tool("xdotool", "click", str(button))

    def has_menu(self, name: str) -> bool:
        """Whether a program of that class has shown a menu: a window of some width, which gets no frame."""
        children = self._tool("xwininfo", "-root", "-children")
        return re.search(rf'\("{name}" "{name}"\) +\d{{3,}}x\d+\+', children) is not None

    def press(self, *, down: bool) -> None:
        """Press the pointer's first button, or let it go."""
        self._tool("xdotool", "mousedown" if down else "mouseup", "1")

    def key(self, window: str, *keys: str) -> None:
        """Press keys, named as X does, once the window has the focus."""
        wait_for(lambda: self.active() == int(window, 16), "the focus")
        self._tool("xdotool", "key", *keys)

    def wheel(self, window: str, *, up: bool, key: str = "") -> None:
        """Turn the wheel over a window by one notch, while a key is held."""
        self.point(window, 100, 100)
        button = "4" if up else "5"
        held = (["keydown", key], ["keyup", key]) if key else ([], [])
        self._tool("xdotool", *held[0], "click", button, *held[1])

    def active(self) -> int:
        """The window that has the focus."""
        return int(self._tool("xprop", "-root", "-notype", "_NET_ACTIVE_WINDOW").split()[-1].rstrip(","), 16)

    def topmost(self) -> int:
        """The window that covers all others."""
        return int(self._tool("xprop", "-root", "-notype", "_NET_CLIENT_LIST_STACKING").split()[-1], 16)

    def title(self, window: str) -> str:
        """What its title bar says."""
        return self._property(window, "8u", "_NET_WM_NAME").strip('"')

    def icon(self, window: str) -> list[int]:
        """Its icon in the order of the EWMH: width, height, and the pixels as 0xaarrggbb."""
        return [int(number) for number in self._property(window, "32c", "_NET_WM_ICON").split(", ")]

    def size_hints(self, window: str) -> str:
        """Its WM_NORMAL_HINTS as xprop prints them."""
        return self._tool("xprop", "-id", window, "WM_NORMAL_HINTS")

    def _property(self, window: str, kind: str, name: str) -> str:
        """A property's value as xprop prints it."""
        line = self._tool("xprop", "-notype", "-id", window, "-len", str(1 << 20), "-f", name, kind, "=$0+\n", name)
        return line.partition("=")[2].strip()

    def picture(self, window: str) -> Picture:
        """What is to be seen where it is, once it is on the screen, within its frame."""
        info = wait_for(lambda: self._shown(window), f"window {window} on the screen")
        return self._framebuffer.picture(*_area(info))

    def _shown(self, window: str) -> str | None:
        info = self._tool("xwininfo", "-id", window)
        return info if "Map State: IsViewable" in info else None

    def _tool(self, *command: str) -> str:
        return self._run(*command).stdout.decode(errors="replace")

    def _attempt(self, *command: str) -> "subprocess.CompletedProcess[bytes] | None":
        try:
            return self._run(*command)
        except subprocess.CalledProcessError:
            return None

    def _run(self, *command: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(command, env=self._env, capture_output=True, timeout=TOOLS_TIMEOUT, check=True)


def _area(info: str) -> tuple[int, ...]:
    """What xwininfo says."""
    return tuple(int(value) for value in re.findall(r"(?:Absolute upper-left [XY]|Width|Height): +(-?\d+)", info))


@contextmanager
def own_screen() -> Iterator[Screen]:
    """A screen for as long as the context lasts. Xvfb takes a number that is free."""
    with tempfile.TemporaryDirectory(prefix="wesktop-screen-") as directory:
        ours, theirs = os.pipe()
        xvfb = subprocess.Popen(
            ["Xvfb", "-displayfd", str(theirs), "-fbdir", directory, "-screen", "0", SIZE, "-noreset", "-nocursor"],
            pass_fds=[theirs], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        try:
            with os.fdopen(ours) as numbers:
                number = numbers.readline().strip()
            assert number, "Xvfb did not start"
            screen = Screen(f":{number}", Framebuffer(Path(directory)))
            with _window_manager(screen):
                yield screen
        finally:
            xvfb.terminate()
            xvfb.wait()


@contextmanager
def _window_manager(screen: Screen) -> Iterator[None]:
    openbox = subprocess.Popen(
        ["openbox", "--sm-disable"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "DISPLAY": screen.display},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: "_NET_WM_NAME" in screen._tool("xprop", "-root", "_NET_SUPPORTED"), "openbox")
        yield
    finally:
        openbox.terminate()
        openbox.wait()
