"""The log file of an app: written line by line, rotated by size, read by `wesktop ctl logs`.

A line is `TIME PID STREAM TEXT`, or one JSON object with these fields; TIME is local, with its zone, in ISO 8601.
"""

import contextlib
import errno
import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from wesktopd.logs.writer_thread import WriterThread
from wesktopd.system import OTHERS_WRITE, open_private, private_dir

MAX_FILE = 5 * 1024 * 1024  # bytes, after which another file is begun
MOST_READ = 2 * MAX_FILE  # a single write may exceed MAX_FILE
KEPT = 3  # rotated files; so there are at most 20 MiB
RETRY_AFTER = 5.0  # seconds until a file that could not be written is tried again
MAX_WAITING = 8 * 1024 * 1024  # bytes that wait for a slow disk: more than a burst of the journal's
MICROSECONDS = 1_000_000
OWN = "wesktopd"  # the stream of the supervisor's own lines


class LogLine(msgspec.Struct, frozen=True):
    """A line. time: seconds since the epoch, in whole microseconds; stream: "stdout", "stderr" or OWN."""

    time: float
    pid: int
    stream: str
    text: str


class Batch(NamedTuple):
    """Formatted lines, their number, and the time of the first one."""

    data: bytes
    lines: int
    time: float


class LogWriter(WriterThread[Batch]):
    """Writes lines to a log file in a thread of its own, since a full, slow or remote disk may take any time."""

    def __init__(self, file: "LogFile") -> None:
        super().__init__("log file", MAX_WAITING)
        self._file = file

    def write(self, lines: list[LogLine]) -> None:
        """Append these lines later; lines that cannot be written in time are dropped, and counted in the file."""
        batch = self._file.batch(lines)
        with self._changed:
            if len(batch.data) <= self._room:
                self._put(batch, len(batch.data))
            else:
                self._drop(batch.lines)

    def _write(self, item: Batch) -> None:
        self._file.write(item)

    def _dropped_item(self, count: int) -> Batch:
        return self._file.lost(count, time.time())

    def _ended(self) -> None:
        self._file.close()


class LogFile:
    """Appends to the file, which is created with the first line; never raises.

    on_trouble: receives, once, why lines cannot be written. Lost lines are counted in the file afterwards.
    """

    def __init__(self, path: Path, *, as_json: bool, on_trouble: Callable[[str], None]) -> None:
        self._path = path
        self._format = format_json if as_json else format_text
        self._on_trouble = on_trouble
        self._fd: int | None = None
        self._size = 0
        self._lost = 0
        self._torn = False
        self._retry_at: float | None = None

    def batch(self, lines: list[LogLine]) -> Batch:
        """Format these lines as in this file."""
        return Batch(b"".join(map(self._format, lines)), len(lines), lines[0].time)

    def lost(self, count: int, moment: float) -> Batch:
        """Return the line that stands for `count` lost ones."""
        return self.batch([LogLine(moment, os.getpid(), OWN, f"{count} lines could not be written here")])

    def write(self, batch: Batch) -> None:
        """Append these lines, if that is possible now."""
        if self._retry_at is not None and time.monotonic() < self._retry_at:
            self._lost += batch.lines
            return
        lost = self.lost(self._lost, batch.time).data if self._lost else b""
        try:
            self._append(lost + batch.data)
        except OSError as error:
            self._fail(error, batch.lines)
        else:
            self._lost, self._retry_at = 0, None

    def _append(self, data: bytes) -> None:
        if self._fd is not None and not self._in_place(self._fd):
            self.close()
        if self._fd is not None and self._size + len(data) > MAX_FILE:
            self._rotate()
        if self._fd is None:
            self._open()
        assert self._fd is not None
        if self._torn:
            data = b"\n" + data
        while data:
            written = os.write(self._fd, data)
            self._size += written
            self._torn = written < len(data)
            data = data[written:]

    def _in_place(self, fd: int) -> bool:
        """Return whether the file is still at its path: it may be removed, or moved away by logrotate."""
        opened = os.fstat(fd)
        self._size = opened.st_size  # it may have been truncated, too
        try:
            return os.path.samestat(opened, os.lstat(self._path))
        except FileNotFoundError:
            return False

    def _open(self) -> None:
        private_dir(self._path.parent)
        self._fd = open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._size = os.fstat(self._fd).st_size
        if self._size >= MAX_FILE:
            self._rotate()
            self._open()

    def _rotate(self) -> None:
        self.close()
        for number in range(KEPT, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                _numbered(self._path, number - 1).replace(_numbered(self._path, number))

    def _fail(self, error: OSError, lines: int) -> None:
        if self._retry_at is None:
            self._on_trouble(f"log file {str(self._path)!r} cannot be written ({error.strerror}): memory has to do.")
        self.close()
        self._lost += lines
        self._retry_at = time.monotonic() + RETRY_AFTER

    def close(self) -> None:
        """Write no more; another line opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def format_text(line: LogLine) -> bytes:
    """A line for people."""
    seconds, fraction = divmod(round(line.time * MICROSECONDS), MICROSECONDS)
    moment, zone = _local(seconds)
    return f"{moment}.{fraction:06}{zone} {line.pid} {line.stream} {line.text}\n".encode(errors="replace")


@functools.lru_cache(maxsize=1)  # it takes longer than all the rest of a line, of which many come in a second
def _local(seconds: int) -> tuple[str, str]:
    moment = time.localtime(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", moment), time.strftime("%z", moment)


def format_json(line: LogLine) -> bytes:
    """A line for programs."""
    return msgspec.json.encode(line) + b"\n"


def parse(line: bytes) -> LogLine | None:
    """Read a line of either form; None for one that was cut short."""
    try:
        if line.startswith(b"{"):
            return msgspec.json.decode(line, type=LogLine)
        stamp, pid, stream, *text = line.decode(errors="replace").split(" ", 3)
        return LogLine(_parse_time(stamp), int(pid), stream, text[0] if text else "")
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _parse_time(stamp: str) -> float:
    from datetime import datetime

    moment = datetime.fromisoformat(stamp)
    return (int(moment.replace(microsecond=0).timestamp()) * MICROSECONDS + moment.microsecond) / MICROSECONDS


def read_log(path: Path, lines: int | None, since: float | None, before: float | None) -> Iterator[LogLine]:
    """The last `lines` (None: all) from the time `since` on and before `before`, the rotated files included.

    Raises FileNotFoundError when there is no log file, OSError when it cannot be read.
    """
    kept: list[LogLine] = []
    for data in _contents(path):
        entries = (entry for line in data.split(b"\n") if line and (entry := parse(line)))
        kept[:0] = [entry for entry in entries if _between(entry.time, since, before)]
        if lines is not None and len(kept) >= lines:
            break
    yield from kept if lines is None else kept[max(0, len(kept) - lines) :]


def _between(moment: float, since: float | None, before: float | None) -> bool:
    return (since is None or moment >= since) and (before is None or moment < before)


def _contents(path: Path) -> Iterator[bytes]:
    """Return the contents of the files, the newest first. Raises FileNotFoundError if there is none.

    When they are rotated meanwhile, a file that was read already is there again under its next name, and a name is
    missing for a moment.
    """
    read: list[os.stat_result] = []
    for number in range(KEPT + 1):
        with contextlib.suppress(FileNotFoundError), _opened(_numbered(path, number)) as file:
            info = os.fstat(file.fileno())
            if not any(os.path.samestat(info, other) for other in read):
                read.append(info)
                file.seek(max(0, info.st_size - MOST_READ))
                yield file.read(MOST_READ)
    if not read:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def _opened(path: Path) -> BinaryIO:
    return open(open_private(path, os.O_RDONLY, OTHERS_WRITE), "rb")  # noqa: PTH123  by its descriptor
