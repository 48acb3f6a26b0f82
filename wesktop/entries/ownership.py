"""Whose directories entries are made in. Root makes none in another user's, who could lead it anywhere."""

import errno
import os
import stat
from pathlib import Path

ROOT = 0
OTHERS_WRITE = 0o022


def check_directory(path: Path) -> Path:
    """Return a directory, there or not. Raises PermissionError where root would follow another user's to it.

    As by `sudo`, which on some systems leaves HOME as it was.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != ROOT:
        return path
    trusted = {ROOT, Path("/").stat().st_uid}  # in a user namespace the latter stands for the real root
    for place in (path, *path.parents):
        try:
            uid = place.lstat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            continue
        if uid not in trusted:
            raise PermissionError(
                f"{place} belongs to another user (uid {uid}), for whom root makes no entries: "
                "do it as that user, or with `sudo -H` for root"
            )
    return path


def check_file(info: os.stat_result) -> None:
    """Refuse a file that another user may have written. Raises PermissionError."""
    if not hasattr(os, "geteuid"):
        return
    if info.st_uid not in (ROOT, os.geteuid()) or stat.S_IMODE(info.st_mode) & OTHERS_WRITE:
        raise PermissionError(errno.EACCES, "another user may have written it")
