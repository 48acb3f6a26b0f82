"""Who may do what with the files that a program has made."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

PLACES = ("run", "state", "config", "data", "cache")  # see isolated_env


@contextlib.contextmanager
def open_umask() -> Iterator[None]:
    """What this process starts meanwhile makes files for everybody, where it says nothing else."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    """A file's permissions; a link's own."""
    return stat.S_IMODE(path.lstat().st_mode)


def made(home: Path, *places: str) -> list[Path]:
    """What is in these directories of `isolated_env(home)`, directories too; links have no permissions."""
    return [
        path
        for place in places or PLACES
        for path in (home / place).rglob("*")
        if not path.is_symlink() and (path.exists() or path.is_socket())
    ]


def too_open(home: Path, *places: str) -> dict[str, str]:
    """What of it is not for its owner alone, by its mode."""
    found = {str(path.relative_to(home)): mode(path) for path in made(home, *places)}
    wanted = {name: 0o700 if (home / name).is_dir() else 0o600 for name in found}
    return {name: f"{mode:04o}" for name, mode in found.items() if mode != wanted[name]}
