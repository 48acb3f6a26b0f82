"""What the workers print: kept, and passed on without ever waiting."""

import asyncio
import os
from pathlib import Path

import pytest

from wesktopd.logs import MAX_LINE, MAX_WAITING, Echo, LogRing


def ring(*chunks: tuple[str, bytes], lines: int = 1000) -> LogRing:
    made = LogRing(lines)
    for stream, data in chunks:
        made.feed(stream, data)
    return made


@pytest.mark.parametrize(
    ("chunks", "tail"),
    [
        ([], ""),
        ([("stdout", b"a\nb\n")], "a\nb"),
        ([("stdout", b"a"), ("stdout", b"b\nc")], "ab\nc"),
        ([("stdout", b"un"), ("stderr", b"err\n"), ("stdout", b"done\n")], "err\nundone"),
        ([("stdout", b"\xff\n")], "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_lines_come_whole_and_in_order(chunks: list[tuple[str, bytes]], tail: str) -> None:
    assert ring(*chunks).tail(100, 10_000) == tail


def test_the_ring_the_line_and_the_tail_are_bounded() -> None:
    many = ring(("stdout", b"".join(b"%d\n" % i for i in range(5000))), lines=10)
    assert many.tail(100, 10_000).split("\n") == [str(i) for i in range(4990, 5000)]
    assert many.tail(2, 10_000) == "4998\n4999"
    assert many.tail(100, 6) == "8\n4999"
    assert len(ring(("stdout", b"x" * (MAX_LINE * 3) + b"\n")).tail(1, 10**9)) == MAX_LINE


def test_a_reader_that_is_slow_gets_everything_in_the_end() -> None:
    async def scenario() -> bytes:
        reader, writer = os.pipe()
        echo = Echo(writer, asyncio.get_running_loop())
        sent = b"".join(b"%06d\n" % i for i in range(50_000))  # five times what a pipe holds
        echo.write(sent[:200_000])
        echo.write(sent[200_000:])
        received = b""
        while len(received) < len(sent):
            received += await asyncio.to_thread(os.read, reader, 65536)
        echo.close()
        os.close(reader)
        os.close(writer)
        assert received == sent
        return received

    assert asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_reader_that_never_reads_holds_up_nobody_and_what_waits_is_bounded() -> None:
    async def scenario() -> None:
        reader, writer = os.pipe()
        echo = Echo(writer, asyncio.get_running_loop())
        for _ in range(40):
            echo.write(b"x" * 65536)
        assert len(echo._waiting) <= MAX_WAITING
        echo.close()
        os.close(reader)
        os.close(writer)

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_reader_that_is_gone_is_no_error() -> None:
    async def scenario() -> None:
        reader, writer = os.pipe()
        os.close(reader)
        echo = Echo(writer, asyncio.get_running_loop())
        echo.write(b"a")
        echo.write(b"b")
        echo.close()
        os.close(writer)

    asyncio.run(scenario())


def test_a_file_is_written_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        with (tmp_path / "log").open("wb") as file:
            echo = Echo(file.fileno(), asyncio.get_running_loop())
            echo.write(b"x" * 100_000)
            echo.close()

    asyncio.run(scenario())
    assert (tmp_path / "log").stat().st_size == 100_000
