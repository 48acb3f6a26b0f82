"""What Xvfb draws, read from where it draws it: no client that takes screenshots can disturb, or be late."""

import struct
from collections import Counter
from pathlib import Path

Colour = tuple[int, int, int]
BYTES = 4  # a pixel, in Xvfb's depth of 24: blue, green, red, unused


def colour(text: str) -> Colour:
    """#rrggbb as numbers."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


class Picture:
    """A rectangle of pixels."""

    def __init__(self, rows: list[bytes]) -> None:
        self._rows = rows
        self.width, self.height = len(rows[0]) // BYTES, len(rows)

    def at(self, x: int, y: int) -> Colour:
        """The pixel there; negative numbers count from the right and from the bottom."""
        start = BYTES * (x % self.width)
        blue, green, red = self._rows[y][start : start + 3]
        return red, green, blue

    def corners(self, inset: int = 3) -> set[Colour]:
        """The colours of the four corners, where neither a spinner nor a note ever is."""
        return {self.at(x, y) for x in (inset, -inset) for y in (inset, -inset)}

    def colours(self) -> Counter[Colour]:
        """How many pixels each colour has."""
        pixels = b"".join(self._rows)
        return Counter(zip(pixels[2::BYTES], pixels[1::BYTES], pixels[::BYTES], strict=True))


class Framebuffer:
    """The file of `Xvfb -fbdir`, in the format of xwd (X11/XWDFile.h): a header, colour cells, the pixels."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "Xvfb_screen0"

    def picture(self, x: int, y: int, width: int, height: int) -> Picture:
        """What that part of the screen shows now."""
        with self._path.open("rb") as file:
            header = struct.unpack(">25I", file.read(100))
            header_size, line, cells = header[0], header[12], header[19]
            file.seek(header_size + 12 * cells + y * line)
            lines = file.read(height * line)
        return Picture([lines[row * line + BYTES * x :][: BYTES * width] for row in range(height)])
