"""Small real pictures, made without Pillow."""

import struct
import zlib
from pathlib import Path

SVG = (
    b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0H8V8Z"/></svg>'
)


def png(width: int, height: int | None = None) -> bytes:
    """A red rectangle; a square unless a height is given."""
    height = height or width
    rows = (b"\0" + b"\xc8\x1e\x3c\xff" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def saved(path: Path, data: bytes) -> Path:
    """The path, at which the data now is."""
    path.write_bytes(data)
    return path


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
