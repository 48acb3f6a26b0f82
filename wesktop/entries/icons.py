"""One picture of an app, in the sizes and the formats that each system shows.

PNG and SVG are used unchanged. Other sizes and formats are made by Pillow, if it is installed (the extra ``icons``).
The formats ICNS and ICO are containers of PNGs, and need no library.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wesktop.extras import install_command

if TYPE_CHECKING:
    from PIL.Image import Image

HICOLOR_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
"""Directories of the icon theme that every theme falls back on, of those that its index.theme has."""

# The types that hold PNGs, by their side in pixels; those of a "@2x" picture are named for half of that.
# https://en.wikipedia.org/wiki/Apple_Icon_Image_format, "OSTypes"
_ICNS_TYPES = {
    32: [b"ic11"],
    64: [b"ic12"],
    128: [b"ic07"],
    256: [b"ic08", b"ic13"],
    512: [b"ic09", b"ic14"],
    1024: [b"ic10"],
}
_ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)

_INSTALL = install_command("icons")


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture's file: its `kind` ("png", "svg", "icns", "ico" or "other") follows from its content."""

    path: Path
    kind: str
    data: bytes


def read_icon(path: Path) -> Icon:
    """Read a picture's file; a compressed SVG is taken out of its gzip. Raises OSError when it cannot be read."""
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise ValueError(f"icon {str(path)!r} is damaged: its gzip does not unpack") from None
    return Icon(path, _kind(data), data)


def _kind(data: bytes) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) > 33:
        return "png"
    if data.startswith(b"icns"):
        return "icns"
    if data.startswith(b"\0\0\1\0"):
        return "ico"
    return "svg" if b"<svg" in data[:65536] else "other"


def hicolor(icon: Icon, name: str) -> dict[str, bytes]:
    """The icon's files by their paths in the theme's directory. Raises ValueError when it cannot be shown."""
    if icon.kind == "svg":
        return {f"scalable/apps/{name}.svg": icon.data}
    pictures = {_directory_size(side): data for side, data in pngs(icon, HICOLOR_SIZES).items()}
    return {f"{size}x{size}/apps/{name}.png": data for size, data in pictures.items()}


def _directory_size(side: int) -> int:
    """Return one of the theme's sizes, as others are not looked for. A larger picture is scaled down when shown."""
    return max((size for size in HICOLOR_SIZES if size <= side), default=HICOLOR_SIZES[0])


def icns(icon: Icon) -> bytes:
    """The icon for macOS. Raises ValueError when it cannot be made of this one."""
    if icon.kind == "icns":
        return icon.data
    pictures = pngs(icon, _ICNS_TYPES)
    if unfit := [side for side in pictures if side not in _ICNS_TYPES]:
        raise ValueError(
            f"icon {str(icon.path)!r} is {unfit[0]} pixels wide, and macOS takes {_listed(_ICNS_TYPES)}: "
            f"give one of these, or scale it by {_INSTALL}"
        )
    return pack_icns(pictures)


def pack_icns(pictures: Mapping[int, bytes]) -> bytes:
    """An ICNS file of PNGs by their side: each after its type and length, and all after the file's own."""
    parts = [
        kind + struct.pack(">I", 8 + len(data)) + data
        for side, data in sorted(pictures.items())
        for kind in _ICNS_TYPES[side]
    ]
    body = b"".join(parts)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def ico(icon: Icon) -> bytes:
    """The icon for Windows. Raises ValueError when it cannot be made of this one."""
    if icon.kind == "ico":
        return icon.data
    pictures = pngs(icon, _ICO_SIZES)
    if unfit := [side for side in pictures if side > _ICO_SIZES[-1]]:
        raise ValueError(
            f"icon {str(icon.path)!r} is {unfit[0]} pixels wide, and Windows takes up to {_ICO_SIZES[-1]}: "
            f"give a smaller one, or scale it by {_INSTALL}"
        )
    return pack_ico(pictures)


def pack_ico(pictures: Mapping[int, bytes]) -> bytes:
    """An ICO file of PNGs by their side: a directory of 16 bytes each, then the pictures. 256 is written 0."""
    ordered = sorted(pictures.items())
    offset = 6 + 16 * len(ordered)
    directory = b""
    for side, data in ordered:
        directory += struct.pack("<BBBBHHII", side % 256, side % 256, 0, 0, 1, 32, len(data), offset)
        offset += len(data)
    return struct.pack("<HHH", 0, 1, len(ordered)) + directory + b"".join(data for _, data in ordered)


def pngs(icon: Icon, sizes: Iterable[int]) -> dict[int, bytes]:
    """Square PNGs by their side: those of `sizes` that the picture is large enough for, else the smallest.

    Without Pillow a square PNG stands for itself in its own size; raises ValueError for anything else.
    """
    if icon.kind == "svg":
        raise ValueError(f"icon {str(icon.path)!r} is an SVG, which this system does not show: give a PNG")
    try:
        import PIL.Image
    except ImportError:
        return _as_it_is(icon)
    try:
        with PIL.Image.open(io.BytesIO(icon.data)) as picture:
            side = max(picture.size)
            fitting = [size for size in sizes if size <= side] or [min(sizes)]
            square = picture.convert("RGBA")
    except PIL.UnidentifiedImageError:  # whose text names the buffer
        raise ValueError(f"icon {str(icon.path)!r} is not an image that can be read: give a PNG") from None
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise ValueError(f"icon {str(icon.path)!r} is not an image that can be read: {error}") from None
    return {size: _scaled(square, size) for size in fitting}


def _scaled(picture: "Image", size: int) -> bytes:
    from PIL import ImageOps

    made = io.BytesIO()
    # Padded to a square with nothing, not stretched.
    ImageOps.pad(picture, (size, size), color=(0, 0, 0, 0)).save(made, "PNG")
    return made.getvalue()


def _as_it_is(icon: Icon) -> dict[int, bytes]:
    if icon.kind != "png":
        raise ValueError(f"icon {str(icon.path)!r} is not a PNG, and has to be made into one: {_INSTALL}")
    width, height = struct.unpack_from(">II", icon.data, 16)  # PNG specification, 11.2.2 "IHDR"
    if width != height or not width:
        raise ValueError(
            f"icon {str(icon.path)!r} is {width} by {height} pixels: make it square, or have it padded by {_INSTALL}"
        )
    return {width: icon.data}


def _listed(sizes: Iterable[int]) -> str:
    *first, last = map(str, sizes)
    return f"{', '.join(first)} or {last}"
