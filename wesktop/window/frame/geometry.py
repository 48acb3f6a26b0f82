"""A window's last geometry, and where to place it on the screens of today."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

LEAST, MOST = 100, 16384  # pixels of width and height; X11 and the toolkits' surfaces end at 16384
FRAME_WIDTH, FRAME_HEIGHT = 16, 56  # pixels, at the most, of title bars and borders: unknown before one is shown
FARTHEST = 1 << 20  # pixels of a position that is believed


@dataclass(frozen=True)
class Area:
    """A rectangle on the desktop, in the toolkit's pixels: of a window, or of a screen without its panels."""

    x: int
    y: int
    width: int
    height: int

    def shared_with(self, other: "Area") -> int:
        """Return the number of pixels that both areas share."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0, width) * max(0, height)


@dataclass(frozen=True)
class Geometry:
    """A window's size and place while not maximised, and whether it is maximised; there is no place on Wayland."""

    width: int
    height: int
    x: int | None = None
    y: int | None = None
    maximized: bool = False


def serialize(geometry: Geometry) -> bytes:
    """Return the contents of the file for a geometry."""
    return json.dumps(asdict(geometry)).encode() + b"\n"


def parse(data: bytes) -> Geometry | None:
    """Return the geometry in a file; None for anything that no window can have had."""
    try:
        fields: Any = json.loads(data)
        geometry = Geometry(**fields)
    except (ValueError, TypeError, RecursionError):
        return None
    sizes, place = (geometry.width, geometry.height), (geometry.x, geometry.y)
    if not isinstance(geometry.maximized, bool) or not all(_within(size, LEAST, MOST) for size in sizes):
        return None
    if place != (None, None) and not all(_within(value, -FARTHEST, FARTHEST) for value in place):
        return None
    return geometry


def _within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def fit_first(asked: Geometry, screens: Sequence[Area]) -> Geometry:
    """Return the geometry of a first window, so that its frame too is on a screen: no larger than that has room for.

    The largest screen counts, as the toolkit may choose any; a place that is asked for is kept where it is on one.
    """
    if not screens:
        return asked
    if asked.x is not None and asked.y is not None:
        asked = fit(asked, screens)
    largest = max(screens, key=lambda screen: screen.width * screen.height)
    width = min(asked.width, max(LEAST, largest.width - FRAME_WIDTH))
    height = min(asked.height, max(LEAST, largest.height - FRAME_HEIGHT))
    return replace(asked, width=width, height=height)


def centred(asked: Geometry, screen: Area) -> Geometry:
    """Return a geometry whose frame is in the middle of a screen; a place is that of the frame."""
    x = screen.x + max(0, (screen.width - asked.width - FRAME_WIDTH) // 2)
    y = screen.y + max(0, (screen.height - asked.height - FRAME_HEIGHT) // 2)
    return replace(asked, x=x, y=y)


def fit(saved: Geometry, screens: Sequence[Area]) -> Geometry:
    """The same on these screens: wholly on the one that it was on for the most part, no larger than that.

    Without a place where it was on none of them: that screen is gone, and the toolkit knows a better one.
    """
    if not screens:
        return Geometry(saved.width, saved.height, maximized=saved.maximized)
    if saved.x is None or saved.y is None:
        largest = max(screens, key=lambda screen: screen.width * screen.height)
        return Geometry(min(saved.width, largest.width), min(saved.height, largest.height), maximized=saved.maximized)
    was = Area(saved.x, saved.y, saved.width, saved.height)
    screen = max(screens, key=was.shared_with)
    width, height = min(saved.width, screen.width), min(saved.height, screen.height)
    if not was.shared_with(screen):
        return Geometry(width, height, maximized=saved.maximized)
    x = max(screen.x, min(saved.x, screen.x + screen.width - width))
    y = max(screen.y, min(saved.y, screen.y + screen.height - height))
    return Geometry(width, height, x, y, saved.maximized)
