"""Keeps root from creating entries in directories of another user, who could redirect the writes by links."""

import errno
import os
import stat
from pathlib import Path

ROOT = 0
OTHERS_WRITE = 0o022


def check_directory(path: Path) -> Path:
    """Return a directory, which need not exist. Raises PermissionError if this is root and another user controls it.

    This happens with `sudo`, which on some systems keeps HOME.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != ROOT:
        return path
    trusted = {ROOT, Path("/").stat().st_uid}  # in a user namespace, the latter is the real root
    for place in (path, *path.parents):
        try:
            uid = place.lstat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            continue
        if uid not in trusted:
            raise PermissionError(
                f"{place} belongs to another user (uid {uid}), for whom root creates no entries: "
                "run this as that user, or with `sudo -H` for root"
            )
    return path


def check_file(info: os.stat_result) -> None:
    """Raise PermissionError for a file that another user may have written."""
    if not hasattr(os, "geteuid"):
        return
    if info.st_uid not in (ROOT, os.geteuid()) or stat.S_IMODE(info.st_mode) & OTHERS_WRITE:
        raise PermissionError(errno.EACCES, "another user may have written it")
