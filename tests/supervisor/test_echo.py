"""Output is passed on without ever waiting for who reads it."""

import asyncio
import os
from pathlib import Path

from wesktopd.echo import MAX_WAITING, Echo


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
