"""OutputRouter is passed on without ever blocking who prints, and what is dropped is told of in its place."""

import contextlib
import os
import pty
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.waiting import wait_for
from wesktopd.logs import terminal
from wesktopd.logs.terminal import MAX_WAITING, TerminalWriter

LONG = 20.0  # seconds, for a wait that is over much sooner


@contextlib.contextmanager
def unread(kind: str) -> Iterator[tuple[int, int]]:
    """Descriptors to read from and to write to; nobody reads yet."""
    reader, writer = os.pipe() if kind == "pipe" else pty.openpty()
    try:
        yield reader, writer
    finally:
        for fd in (reader, writer):
            with contextlib.suppress(OSError):
                os.close(fd)


def read_all(reader: int) -> bytes:
    """Read to the end, which is an error on a terminal."""
    found = bytearray()
    with contextlib.suppress(OSError):
        while data := read_some(reader):
            found += data
    return bytes(found)


def read_some(reader: int) -> bytes:
    """Read what comes next."""
    assert select.select([reader], [], [], LONG)[0], "nothing comes, nor the end"
    return os.read(reader, 65536)


def numbered(count: int, first: int = 0) -> bytes:
    """Lines of ten bytes."""
    return b"".join(b"%09d\n" % number for number in range(first, first + count))


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
def test_a_slow_reader_gets_everything_in_order(kind: str, *, blocking: bool) -> None:
    sent = numbered(40_000)  # six times what a pipe holds
    with unread(kind) as (reader, writer):
        os.set_blocking(writer, blocking)
        output = TerminalWriter(writer)
        for start in range(0, len(sent), 50_001):
            output.write(sent[start : start + 50_001])
        received = b""
        while len(received.replace(b"\r", b"")) < len(sent):
            received += read_some(reader)
        output.close(LONG)
    assert received.replace(b"\r\n", b"\n") == sent


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_what_an_unread_output_does_not_take_is_dropped_in_whole_lines_and_counted_in_its_place(kind: str) -> None:
    count = MAX_WAITING // 10 * 3
    sent = numbered(count)
    with unread(kind) as (reader, writer):
        output = TerminalWriter(writer)
        for start in range(0, len(sent), 65_537):
            output.write(sent[start : start + 65_537])
        assert output._waiting <= MAX_WAITING

        def end() -> None:
            output.close(LONG)
            os.close(writer)

        threading.Thread(target=end, daemon=True).start()
        received = read_all(reader).replace(b"\r\n", b"\n")
    kept, told = received.rsplit(b"\n", 2)[0] + b"\n", received.rsplit(b"\n", 2)[1].decode()
    assert kept == sent[: len(kept)]
    assert len(kept) <= MAX_WAITING
    assert len(kept) > MAX_WAITING - 65_537
    assert (
        told == f"wesktop: {count - len(kept) // 10} lines were dropped here: more was printed than this output took"
    )


def test_after_a_gap_output_goes_on_with_a_whole_line() -> None:
    with unread("pipe") as (reader, writer):
        output = TerminalWriter(writer)
        output.write(b"x" * (MAX_WAITING - 1) + b"\n")
        output.write(b"dropped\nbegun")
        gone_on = threading.Event()

        def go_on() -> None:
            wait_for(lambda: not output._waiting, "all to be written", LONG)
            output.write(b" and ended\nwhole\n")
            output.close(LONG)
            os.close(writer)
            gone_on.set()

        threading.Thread(target=go_on, daemon=True).start()
        received = read_all(reader)
        assert gone_on.wait(LONG)
    assert received.split(b"\n")[1:] == [
        b"wesktop: 2 lines were dropped here: more was printed than this output took",
        b"whole",
        b"",
    ]


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_an_end_does_not_wait_for_who_never_reads(kind: str) -> None:
    with unread(kind) as (_, writer):
        output = TerminalWriter(writer)
        output.write(numbered(50_000))
        output.close(0.0)
        output.write(b"too late\n")
        assert b"too late\n" not in [item for item, _ in output._queue]


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_a_reader_that_is_gone_ends_the_thread_without_an_error(kind: str) -> None:
    with unread(kind) as (reader, writer):
        os.close(reader)
        output = TerminalWriter(writer)
        output.write(b"a\n")
        assert output._thread is not None
        output._thread.join(LONG)
        assert not output._thread.is_alive()
        output.write(b"b\n")
        output.close(LONG)
        assert not output._queue


def test_a_full_disk_is_tried_again_until_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(terminal, "RETRY_AFTER", 0.01)
    attempts: list[int] = []

    def write(fd: int, data: bytes, write: Callable[[int, bytes], int] = os.write) -> int:
        attempts.append(fd)
        return write(fd, data)

    monkeypatch.setattr(os, "write", write)
    output_fd = os.open("/dev/full", os.O_WRONLY)  # where every write fails with ENOSPC, full(4)
    output = TerminalWriter(output_fd)
    output.write(b"before\n")
    wait_for(lambda: output_fd in attempts, "the first attempt", LONG)
    with (tmp_path / "room").open("wb") as room:
        os.dup2(room.fileno(), output_fd)
    output.write(b"after\n")
    output.close(LONG)
    os.close(output_fd)
    assert (tmp_path / "room").read_bytes() == b"before\nafter\n"


def test_a_disk_that_stays_full_ends_the_thread_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "RETRY_AFTER", 0.01)
    with Path("/dev/full").open("wb", buffering=0) as full:
        output = TerminalWriter(full.fileno())
        output.write(b"never\n")
        output.close(0.0)
        assert output._thread is not None
        output._thread.join(LONG)
        assert not output._thread.is_alive()


@pytest.mark.parametrize("printed", [True, False], ids=["something waits", "nothing was printed"])
def test_who_waits_for_the_end_of_an_output_that_is_let_go_gets_all_and_the_end(*, printed: bool) -> None:
    sent = numbered(50_000) if printed else b""
    with unread("pipe") as (reader, writer):
        output = TerminalWriter(writer)
        if printed:
            output.write(sent)
        output.let_go()  # and does not wait, although nobody reads yet
        assert read_all(reader) == sent
        with Path(os.devnull).open("wb") as nowhere:
            assert os.path.sameopenfile(writer, nowhere.fileno())


PRINTING = """
import asyncio, os
from wesktopd.logs.output_router import OutputRouter
from wesktopd.spec import AppSpec

async def scenario():
    spec = AppSpec(target="app:app", name="app", working_dir="/", import_path=[], log_format="off")
    with OutputRouter(spec, asyncio.get_running_loop(), 30, print) as output:
        %s

asyncio.run(scenario())
"""


def printing(source: str, stderr: int) -> "subprocess.Popen[bytes]":
    """A supervisor's output in a process of its own, which is given this to do."""
    command, pipe = [sys.executable, "-c", PRINTING % source], subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr)


def test_two_streams_to_one_place_keep_their_order() -> None:
    source = "for i in range(3000): output.feed(1, 'stderr' if i % 2 else 'stdout', b'%d\\n' % i)"
    with printing(source, subprocess.STDOUT) as process:
        assert process.stdout is not None
        assert process.stdout.read().split() == [b"%d" % i for i in range(3000)]


def test_a_stream_that_nobody_reads_does_not_hold_up_the_other() -> None:
    source = "output.feed(1, 'stdout', bytes(1_000_000)); output.feed(1, 'stderr', b'read\\n'); input()"
    with printing(source, subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert read_some(process.stderr.fileno()) == b"read\n"
        finally:
            process.kill()
