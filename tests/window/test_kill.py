"""What remains when one of the processes is killed: nothing, or all of it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.waiting import wait_for
from window.desk_program import DeskProgram
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("victim", "number"),
    [("wesktop.window", signal.SIGTERM), ("wesktopd", signal.SIGTERM), ("wesktopd", signal.SIGKILL)],
)
def test_run_returns_when_the_window_is_asked_to_end_or_the_supervisor_ends(
    show: Show, victim: str, number: signal.Signals
) -> None:
    shown = show().ready()
    shown.script.find(victim).send_signal(number)
    shown.ended_well(1.5)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_run_raises_what_has_killed_its_window_and_leaves_nothing(show: Show, number: signal.Signals) -> None:
    shown = show().ready()
    shown.script.find("wesktop.window").send_signal(number)
    shown.gone(1.5)
    assert shown.script.wait() == 1
    assert shown.script.output.splitlines()[-1] == (
        "wesktopd.errors.WindowError: the window's process ended while its window was open "
        f"(killed by {number.name}): `wesktop doctor` may say why."
    )


ENDS = """
import os, signal
{how}
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV"),
    ],
)
def test_a_window_that_ends_before_it_has_opened_is_an_error_whatever_its_exit_code(
    show: Show, home: Path, how: str, said: str
) -> None:
    (home / "broken").mkdir()
    (home / "broken" / "webview.py").write_text(ENDS.format(how=how))
    shown = show(PYTHONPATH=f"{home / 'broken'}:{TESTS}")
    assert shown.script.wait() == 1
    assert shown.script.output.splitlines()[-1] == (
        "wesktopd.errors.WindowError: the window's process ended before it had opened a window "
        f"({said}): `wesktop doctor` may say why."
    )
    shown.gone()


def test_a_killed_window_ends_the_server_only_with_the_last_of_the_others(
    show_desk: Callable[..., DeskProgram],
) -> None:
    shown = show_desk()
    first = shown.window
    shown.open(path="/two")
    wait_for(lambda: len(shown.screen.windows("desk")) == 2, "another window")
    (second,) = set(shown.screen.windows("desk")) - {first}
    children = psutil.Process(shown.script.pid).children()
    next(child for child in children if "wesktop.window" in child.cmdline()).kill()
    wait_for(lambda: shown.screen.windows("desk") == [second], "the first window's end")
    assert shown.get("/still/here")
    assert shown.script.process.poll() is None
    shown.screen.close(second)
    shown.gone(2)
    assert shown.script.wait() == 1
    assert "(killed by SIGKILL)" in shown.script.output.splitlines()[-1]


@pytest.mark.parametrize("page", ["", "waits='first'"], ids=["page", "splash"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_caller(show: Show, page: str, number: signal.Signals) -> None:
    shown = show(page=page)
    assert shown.window
    shown.script.process.send_signal(number)
    assert shown.script.wait() == -number
    shown.gone()


def test_a_killed_worker_is_replaced_behind_the_open_window(show: Show) -> None:
    ask = "setInterval(() => fetch('/pid').then(answer => answer.text()).then(say), 50)"
    shown = show(page=f"script={ask!r}").ready()
    first = shown.worker()
    os.kill(first, signal.SIGKILL)
    second = int(wait_for(lambda: (shown.get("/pid") or b"").decode(), "another worker"))
    assert second != first
    shown.hear(str(second))
    assert shown.screen.windows("demo") == [shown.window]
    shown.close()
    shown.ended_well()


def test_a_window_that_does_not_answer_is_killed(show: Show) -> None:
    shown = show().ready()
    shown.script.find("wesktop.window").suspend()
    shown.script.process.send_signal(signal.SIGINT)
    shown.gone(3)
