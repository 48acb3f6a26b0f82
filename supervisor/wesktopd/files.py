"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put a file in the place of what is at `path`, for its owner alone unless another mode is given.

    Raises OSError, and then changes nothing.
    """
    # Not to be guessed: in a directory that others may write to, they could have all names taken beforehand.
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        with open(
            draft, "xb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), mode)
        ) as file:
            file.write(data)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
