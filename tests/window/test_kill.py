"""What remains when one of the processes is killed: nothing, or all of it."""

import os
import signal
from collections.abc import Callable

import pytest

from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]


@pytest.mark.parametrize("victim", ["wesktop.window", "wesktopd"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_run_returns_when_the_window_or_the_supervisor_is_killed(
    show: Show, victim: str, number: signal.Signals
) -> None:
    shown = show().ready()
    shown.script.find(victim).send_signal(number)
    shown.ended_well(1.5)


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
