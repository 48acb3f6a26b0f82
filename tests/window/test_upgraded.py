"""A window whose server was upgraded under it ends as any other."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.waiting import wait_for
from wesktopd import client
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]


@pytest.fixture
def shown(show: Show, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """A program in its window, whose server ends with it; upgraded twice."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    shown = show("drain_timeout=10").ready()
    shown.script.tree()
    wait_for(lambda: client.status("demo").windows == 1, "the window to be attached")
    for _ in range(2):
        client.upgrade("demo")
    return shown


def test_closing_it_ends_all(shown: Shown) -> None:
    shown.close()
    shown.ended_well(3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_script_ends_all(shown: Shown, number: int) -> None:
    shown.script.process.send_signal(number)
    shown.script.process.wait(20)
    wait_for(lambda: not shown.remains() or number == signal.SIGKILL, "the end of all")
    wait_for(lambda: not [line for line in shown.remains() if " " in line], "the end of all processes")


def test_a_server_that_is_killed_closes_it(shown: Shown) -> None:
    os.kill(client.status("demo").pid, signal.SIGKILL)
    assert shown.script.wait() == 0, shown.script.output
    assert "the server of 'demo' ended unexpectedly" in shown.script.output
    wait_for(lambda: not shown.remains(), lambda: f"the end of all: {shown.remains()}")


def test_run_returns_when_the_new_server_has_ended_and_not_sooner(shown: Shown, home: Path) -> None:
    """The first process of the server has long ended."""
    pid = client.status("demo").pid
    os.kill(pid, signal.SIGSTOP)
    shown.close()
    wait_for(lambda: not shown.screen.windows(shown.name), "the window's end")
    assert shown.script.process.poll() is None
    os.kill(pid, signal.SIGCONT)
    shown.ended_well(5)


def test_ctl_stop_ends_all(shown: Shown) -> None:
    client.stop("demo", 20)
    shown.ended_well(3)
