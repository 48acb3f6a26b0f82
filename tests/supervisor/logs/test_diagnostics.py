"""Whatever the supervisor logs, and every exception of its own, is found in its journal."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.waiting import until
from wesktopd.errors import StartupError
from wesktopd.logs.diagnostics import IN_JOURNAL, diagnostics
from wesktopd.logs.logfile import read_log
from wesktopd.logs.output_router import OutputRouter
from wesktopd.spec import AppSpec

ERROR = 'raise KeyError("of ours")'


def fails() -> None:
    exec(ERROR)


async def fails_later() -> None:
    fails()


def in_a_callback() -> None:
    asyncio.get_running_loop().call_soon(fails)


def in_a_task_that_nobody_awaits() -> None:
    asyncio.get_running_loop().create_task(fails_later())


def in_a_thread() -> None:
    threading.Thread(target=fails, name="ours").start()


def in_what_is_collected() -> None:
    class Collected:
        def __del__(self) -> None:
            fails()

    Collected()


@asynccontextmanager
async def collected(*, owns_process: bool) -> AsyncIterator[list[str]]:
    """What gets into the journal."""
    said: list[str] = []
    with diagnostics(said.append, None, logging.INFO, asyncio.get_running_loop(), owns_process=owns_process):
        yield said


@pytest.mark.parametrize("fail", [in_a_callback, in_a_task_that_nobody_awaits, in_a_thread, in_what_is_collected])
def test_an_exception_that_nobody_catches_is_in_the_journal_with_its_traceback(fail: Callable[[], None]) -> None:
    async def scenario() -> None:
        async with collected(owns_process=True) as said:
            fail()
            await until(lambda: (gc.collect() and None) or said, "the exception")
        assert "Traceback (most recent call last)" in said[0]
        assert said[0].endswith("KeyError: 'of ours'")

    asyncio.run(scenario())


def test_what_is_logged_is_in_the_journal_once() -> None:
    async def scenario() -> None:
        async with collected(owns_process=True) as said:
            logging.getLogger("wesktopd").warning("a %s", "warning")
            logging.getLogger("wesktopd").warning("there already", extra=IN_JOURNAL)
            logging.getLogger("asyncio").warning("of asyncio's")
            threading.Thread(target=logging.getLogger("wesktopd").warning, args=["of a thread"]).start()
            await until(lambda: len(said) == 3, "what the thread has logged")
        assert said == ["a warning", "of asyncio's", "of a thread"]

    asyncio.run(scenario())


def test_in_a_users_program_the_hooks_and_the_logs_of_asyncio_are_the_users() -> None:
    hooks = threading.excepthook, sys.unraisablehook

    async def scenario() -> None:
        async with collected(owns_process=False) as said:
            assert (threading.excepthook, sys.unraisablehook) == hooks
            logging.getLogger("asyncio").warning("of another loop's")
            in_a_callback()
            await until(lambda: said, "the exception in our own loop")
        assert "of ours" in said[0]

    asyncio.run(scenario())


def test_afterwards_all_is_as_before() -> None:
    def found() -> list[object]:
        loggers = [logging.getLogger(name) for name in ("wesktopd", "asyncio")]
        return [threading.excepthook, sys.unraisablehook, *[([*each.handlers], each.level) for each in loggers]]

    async def scenario() -> None:
        before = found()
        async with collected(owns_process=True):
            assert found() != before
        assert found() == before

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("error", "told"), [(ZeroDivisionError("ours"), True), (StartupError("the caller is told"), False)]
)
def test_the_exception_that_ends_the_supervisor_is_in_the_log_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, *, told: bool
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    spec = AppSpec(target="app:app", name="app", working_dir="/", import_path=[])

    async def scenario() -> None:
        with OutputRouter(spec, asyncio.get_running_loop(), logging.WARNING, print) as output:
            output.journal.say("begun")
            raise error

    with pytest.raises(type(error)):
        asyncio.run(scenario())
    stored = [line.text for line in read_log(tmp_path / "wesktop" / "log" / "app.log", None, None, None)]
    assert (stored[-1] == "ZeroDivisionError: ours") is told
    assert ("Traceback (most recent call last):" in stored) is told
