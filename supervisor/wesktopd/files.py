"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Put a file for its owner alone in the place of what is at `path`. Raises OSError, and then changes nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "xb", opener=_for_owner) as file:
            file.write(data)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
