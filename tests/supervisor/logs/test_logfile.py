"""The log file: what is written, is read again; bounded, and no trouble with the disk stops anybody."""

import errno
import os
import resource
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.waiting import wait_for
from wesktopd.logs import logfile
from wesktopd.logs.logfile import (
    KEPT,
    OWN,
    Batch,
    LogFile,
    LogLine,
    LogWriter,
    _contents,
    format_json,
    format_text,
    parse,
    read_log,
)

LONG = 20.0  # seconds, for a wait that is over much sooner


def line(text: str, time: float = 1764050400.123456, pid: int = 7, stream: str = "stdout") -> LogLine:
    return LogLine(time, pid, stream, text)


def log_file(path: Path, *, as_json: bool = False) -> tuple[LogFile, list[str]]:
    troubles: list[str] = []
    return LogFile(path, as_json=as_json, on_trouble=troubles.append), troubles


def read(path: Path, lines: int | None = None, since: float | None = None, before: float | None = None) -> list[str]:
    return [found.text for found in read_log(path, lines, since, before)]


@pytest.mark.parametrize("write", [format_text, format_json])
@pytest.mark.parametrize("text", ["hello", "", "two  blanks ", '{"a": 1}', "\N{SNOWMAN} \x1b[31m\t", "\\"])
@pytest.mark.parametrize("time", [0.0, 1764050400.123456, 1764050400.000001, 1764050400.999999])
def test_what_is_written_is_read_again(write: object, text: str, time: float) -> None:
    assert callable(write)
    written = write(line(text, time))
    assert written.count(b"\n") == 1
    assert parse(written.removesuffix(b"\n")) == line(text, time)


@pytest.mark.parametrize(
    "cut", [b"", b"2026-", b"2026-01-31T14:30:00.000000+0000", b'{"time": 1', b"{}", b"a b c d", b"\0" * 20, b"[]"]
)
def test_a_line_that_was_cut_short_is_none(cut: bytes) -> None:
    assert parse(cut) is None


@pytest.mark.parametrize("as_json", [False, True])
def test_lines_are_appended_for_the_owner_alone(tmp_path: Path, as_json: bool) -> None:
    path = tmp_path / "logs" / "app.log"
    for text in ("one", "two"):
        file, _ = log_file(path, as_json=as_json)
        file.write(file.batch([line(text)]))
        file.close()
    assert read(path) == ["one", "two"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_lines_are_found_by_number_and_time(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    file, _ = log_file(path)
    file.write(file.batch([line(str(i), float(i)) for i in range(10)]))
    file.close()
    assert read(path, 2) == ["8", "9"]
    assert read(path, None, 7.0) == ["7", "8", "9"]
    assert read(path, None, 3.0, 5.0) == ["3", "4"]
    assert read(path, 0) == []
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.log")


def test_files_are_rotated_and_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "MAX_FILE", 1000)
    path = tmp_path / "app.log"
    file, troubles = log_file(path)
    for i in range(200):
        file.write(file.batch([line(f"{i:04}")]))
    file.close()
    sizes = [found.stat().st_size for found in tmp_path.iterdir()]
    assert len(sizes) == KEPT + 1
    assert max(sizes) <= 1000
    kept = read(path)
    assert kept == [f"{i:04}" for i in range(200 - len(kept), 200)]
    assert len(kept) > 50
    assert troubles == []


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 300 bytes: the write that would is cut short, the next one fails, as on a full disk."""
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_raised_of_once_and_what_is_missing_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.log"
    file, troubles = log_file(path)
    for i in range(20):
        file.write(file.batch([line(f"{i:04}")]))
    assert len(troubles) == 1
    assert os.strerror(errno.EFBIG) in troubles[0]
    before = read(path)
    assert before == [f"{i:04}" for i in range(len(before))]
    os.truncate(path, 150)  # somebody has made room
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))
    file.write(file.batch([line("again")]))
    file.close()
    lost = next(found for found in read_log(path, None, None, None) if found.stream == OWN)
    assert lost.text == f"{20 - len(before)} lines could not be written here"
    assert read(path)[-1] == "again"


def test_a_place_that_cannot_be_written_is_trouble_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file, troubles = log_file(tmp_path / "file" / "app.log")
    file.write(file.batch([line("a")]))
    file.write(file.batch([line("b")]))
    file.close()
    assert len(troubles) == 1


def moved(path: Path) -> None:
    path.rename(path.with_name("moved"))


def removed_with_its_directory(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


@pytest.mark.parametrize("taken", [Path.unlink, moved, removed_with_its_directory])
def test_a_file_that_others_take_away_is_made_again(tmp_path: Path, taken: Callable[[Path], None]) -> None:
    path = tmp_path / "log" / "app.log"
    file, troubles = log_file(path)
    file.write(file.batch([line("one")]))
    taken(path)
    file.write(file.batch([line("two")]))
    file.close()
    assert read(path) == ["two"]
    assert troubles == []


def test_a_file_that_others_truncate_is_not_rotated_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "MAX_FILE", 1000)
    path = tmp_path / "app.log"
    file, _ = log_file(path)
    file.write(file.batch([line("x" * 800)]))
    os.truncate(path, 0)
    file.write(file.batch([line("x" * 800)]))
    file.close()
    assert [*tmp_path.iterdir()] == [path]


def test_lines_that_are_rotated_while_they_are_read_come_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "MAX_FILE", 200)
    path = tmp_path / "app.log"
    file, _ = log_file(path)
    for i in range(20):
        file.write(file.batch([line(f"{i:04}")]))
    inode, before = path.stat().st_ino, read(path)
    reading = _contents(path)
    newest = next(reading)
    while path.stat().st_ino == inode:
        file.write(file.batch([line("later")]))
    file.close()
    contents = b"".join([*[*reading][::-1], newest])
    texts = [found.text for each in contents.splitlines() if (found := parse(each))]
    assert texts == before[-len(texts) :]
    assert len(texts) > len(newest.splitlines())


def test_a_log_is_read_in_the_middle_of_its_rotation(tmp_path: Path) -> None:
    for name, text in [("app.log.2", "old"), ("app.log.3", "older")]:
        (tmp_path / name).write_bytes(format_text(line(text)))
    assert read(tmp_path / "app.log") == ["older", "old"]


class StuckFile(LogFile):
    """A file on a disk that does not answer until it is told to: `stuck` says that it does not."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, as_json=False, on_trouble=lambda _: None)
        self.stuck, self.answers = threading.Event(), threading.Event()

    def write(self, batch: Batch) -> None:
        self.stuck.set()
        assert self.answers.wait(LONG)
        super().write(batch)


def test_a_disk_that_does_not_answer_holds_up_nobody_and_what_is_lost_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "MAX_WAITING", 1000)
    file = StuckFile(tmp_path / "app.log")
    writer = LogWriter(file)
    for i in range(100):
        writer.write([line(f"{i:04}")])
    assert file.stuck.wait(LONG)
    assert writer._waiting <= 1000
    file.answers.set()
    wait_for(lambda: not (writer._queue or writer._dropped), "all to be written", LONG)
    writer.write([line("again")])
    writer.close(LONG)
    *kept, told, again = read_log(tmp_path / "app.log", None, None, None)
    assert [found.text for found in kept] == [f"{i:04}" for i in range(len(kept))]
    assert (told.stream, told.text) == (OWN, f"{100 - len(kept)} lines could not be written here")
    assert again.text == "again"


def test_an_end_does_not_wait_for_a_disk_that_does_not_answer(tmp_path: Path) -> None:
    file = StuckFile(tmp_path / "app.log")
    writer = LogWriter(file)
    writer.write([line("one")])
    writer.close(0.0)
    file.answers.set()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "app.log").symlink_to(tmp_path / "victim")
    file, troubles = log_file(tmp_path / "app.log")
    file.write(file.batch([line("a")]))
    assert (tmp_path / "victim").read_text() == "mine"
    assert troubles
