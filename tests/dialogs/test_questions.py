"""Questions to a supervisor that is slow: the event loop goes on, and a question that is given up is withdrawn."""

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.waiting import until
from wesktop import dialogs
from wesktopd.errors import NotRunningError
from wesktopd.paths import AppPaths

NAME = "busy"


class Busy:
    """A supervisor that accepts nobody, as its queue is full, before it has time."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(0)
        self._others: list[socket.socket] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                other = socket.socket(socket.AF_UNIX)
                self._others.append(other)
                other.setblocking(False)
                other.connect(str(path))

    def have_time(self) -> None:
        """Accept those who were there before."""
        for _ in self._others[:-1]:
            self._listener.accept()[0].close()
        self._listener.setblocking(False)

    def accepted(self) -> socket.socket | None:
        """The next who has connected."""
        with contextlib.suppress(BlockingIOError):
            return self._listener.accept()[0]
        return None

    def close(self) -> None:
        for one in (self._listener, *self._others):
            one.close()


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Busy]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    path = AppPaths(NAME).control
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with contextlib.closing(Busy(path)) as busy:
        yield busy


@pytest.mark.parametrize("given_up", [False, True])
def test_the_loop_goes_on_while_a_question_waits_for_its_supervisor(
    busy: Busy, given_up: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        asking = asyncio.ensure_future(dialogs.confirm("Delete?", name=NAME))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not asking.done()
        if given_up:
            asking.cancel()
            await asyncio.wait([asking])
            assert asking.cancelled()
        busy.have_time()
        with await until(busy.accepted, "the question") as connection:
            connection.settimeout(20)
            with connection.makefile("rb") as lines:
                assert b"Delete?" in await asyncio.to_thread(lines.readline)
                if given_up:
                    assert await asyncio.to_thread(lines.readline) == b"", "it is withdrawn"
                    return
            for part in (b'{"type":"answered",', b'"accepted":true,"paths":[],"more":false}\n'):
                await asyncio.sleep(0.01)
                connection.sendall(part)
            assert await asyncio.wait_for(asking, 20)

    asyncio.run(scenario())
    gc.collect()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_question_that_is_given_up_is_no_error_when_nobody_was_there(
    monkeypatch: pytest.MonkeyPatch, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))

    async def scenario() -> None:
        asking = asyncio.ensure_future(dialogs.confirm("Delete?", name=NAME))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        with pytest.raises(NotRunningError):
            await dialogs.confirm("Delete?", name=NAME)

    asyncio.run(scenario())
    gc.collect()
    assert caplog.records == []
