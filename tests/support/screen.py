"""A screen of one's own: Xvfb with openbox on it, and what there is to see."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from support.waiting import wait_for

Colour = tuple[int, int, int]
TOOLS_TIMEOUT = 10.0


def colour(text: str) -> Colour:
    """#rrggbb as numbers."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


class Picture:
    """A screenshot, from a binary PPM of 8 bits a sample (netpbm's ppm(5))."""

    def __init__(self, ppm: bytes) -> None:
        magic, width, height, depth = ppm[:40].split(maxsplit=4)[:4]
        assert (magic, depth) == (b"P6", b"255"), f"not an 8-bit PPM: {ppm[:20]!r}"
        self.width, self.height = int(width), int(height)
        self._rgb = ppm[-3 * self.width * self.height :]

    def at(self, x: int, y: int) -> Colour:
        """The pixel there; negative numbers count from the right and from the bottom."""
        start = 3 * ((y % self.height) * self.width + x % self.width)
        red, green, blue = self._rgb[start : start + 3]
        return red, green, blue

    def corners(self, inset: int = 3) -> set[Colour]:
        """The colours of the four corners, where neither a spinner nor a note ever is."""
        return {self.at(x, y) for x in (inset, -inset) for y in (inset, -inset)}

    def colours(self) -> Counter[Colour]:
        """How many pixels each colour has."""
        return Counter(zip(self._rgb[::3], self._rgb[1::3], self._rgb[2::3], strict=True))


class Screen:
    """The X display `display` and its windows, each named by its X11 ID."""

    def __init__(self, display: str) -> None:
        self.display = display
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

    def listing(self) -> str:
        """All windows on the screen, a line each: ID, desktop, class, host, title."""
        # It fails where a window goes away while it looks, and before there has been any.
        done = wait_for(lambda: self._attempt("wmctrl", "-lx"), "a list of the windows")
        return done.stdout.decode(errors="replace")

    def close(self, window: str) -> None:
        """Close it as its close button does."""
        self._tool("wmctrl", "-i", "-c", window)

    def activate(self, window: str) -> None:
        """Bring it to the front, as a click on a taskbar does."""
        self._tool("wmctrl", "-i", "-a", window)

    def active(self) -> int:
        """The window that has the focus."""
        return int(self._tool("xprop", "-root", "-notype", "_NET_ACTIVE_WINDOW").split()[-1].rstrip(","), 16)

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
        """What is to be seen in it."""
        return Picture(self._run("import", "-silent", "-window", window, "-depth", "8", "ppm:-").stdout)

    def _tool(self, *command: str) -> str:
        return self._run(*command).stdout.decode(errors="replace")

    def _attempt(self, *command: str) -> "subprocess.CompletedProcess[bytes] | None":
        try:
            return self._run(*command)
        except subprocess.CalledProcessError:
            return None

    def _run(self, *command: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(command, env=self._env, capture_output=True, timeout=TOOLS_TIMEOUT, check=True)


@contextmanager
def own_screen() -> Iterator[Screen]:
    """A screen for as long as the context lasts. Xvfb takes a number that is free."""
    ours, theirs = os.pipe()
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x960x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[theirs], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    with os.fdopen(ours) as numbers:
        number = numbers.readline().strip()
    try:
        assert number, "Xvfb did not start"
        screen = Screen(f":{number}")
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
