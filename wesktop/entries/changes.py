"""File system changes that are made completely or not at all."""

import contextlib
import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType


class Changes:
    """A transaction: if its block raises, all changes are undone, the last one first.

    Each file is put in place by a rename, so that it is never seen half-written.

    any: whether anything was changed. directories: those created, outermost first.
    """

    def __init__(self) -> None:
        self.any = False
        self.directories: list[Path] = []
        self._undo = contextlib.ExitStack()
        self._replaced: list[Path] = []

    def __enter__(self) -> "Changes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._undo.close()
            return
        self._undo.pop_all()
        for path in self._replaced:
            shutil.rmtree(path, ignore_errors=True)

    def undo_by(self, undo: Callable[[], object]) -> None:
        """Register how to undo the next or last change, which may not have been made."""
        self._undo.callback(undo)

    def write(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Write a file if its content or mode differs. The umask does not apply to the mode."""
        before = _read(path)
        if before == (data, mode) and not path.is_symlink():
            return
        self.any = True
        self._make_directory(path.parent)
        self.undo_by(lambda: path.unlink(missing_ok=True) if before is None else _put(path, *before))
        _put(path, data, mode)

    def build(self, path: Path, build: Callable[[Path], object]) -> None:
        """Create a directory by `build`, which gets a temporary path, and move it into place."""
        self.any = True
        self._make_directory(path.parent)
        draft = _beside(path)
        try:
            build(draft)
            self.remove(path)
            self.undo_by(lambda: shutil.rmtree(path, ignore_errors=True))
            draft.rename(path)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def remove(self, path: Path) -> None:
        """Remove a file or a directory with its contents, if it exists."""
        self.any = self.any or os.path.lexists(path)
        if path.is_dir() and not path.is_symlink():
            aside = _beside(path)
            self.undo_by(lambda: aside.rename(path) if aside.exists() else None)
            path.rename(aside)
            self._replaced.append(aside)
        elif (before := _read(path)) is not None:
            self.undo_by(lambda: _put(path, *before))
            path.unlink()

    def _make_directory(self, path: Path) -> None:
        if path.is_dir():
            return
        self._make_directory(path.parent)
        self.undo_by(lambda: remove_empty([path]))
        path.mkdir(0o700)
        path.chmod(0o700)  # whatever the umask; XDG Base Directory Specification, "Referencing this specification"
        self.directories.append(path)


def remove_empty(directories: list[Path]) -> None:
    """Remove the empty ones of these directories, inner ones first."""
    for path in sorted(directories, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()


def _read(path: Path) -> tuple[bytes, int] | None:
    try:
        return path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _put(path: Path, data: bytes, mode: int) -> None:
    draft = _beside(path)
    try:
        # 0600 whatever the umask: a file that others open now stays writable for them.
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
        draft.chmod(mode)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _beside(path: Path) -> Path:
    """Return a unique name in the same directory that launchers do not treat as an entry."""
    return path.with_name(f".wesktop-{uuid.uuid4().hex}")
