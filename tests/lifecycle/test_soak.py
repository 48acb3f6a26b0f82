"""`make soak`, in short: under restarts, kills and upgrades every promise is kept; interrupted, it leaves nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.scripts import running_from
from support.waiting import wait_for

TESTS = Path(__file__).parents[1]
SOAK = [sys.executable, "-m", "soak", "--rate", "50", "--clients", "6", "--pause", "1"]


def soak(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a run whose files are below `home`."""
    env = {**os.environ, "PYTHONPATH": str(TESTS), "TMPDIR": str(home)}
    return subprocess.Popen(
        [*SOAK, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home
    )


def test_every_promise_is_kept_through_restarts_kills_and_upgrades(home: Path) -> None:
    faults = "restart,kill a worker,upgrade,scale,stop a worker for a while,stop the supervisor for a while"
    arguments = ["--seconds", "12", "--quiet", "1", "--hang-timeout", "60", "--guests", "0", "--faults", faults]
    with soak(home, *arguments) as run:
        output, told = run.communicate(timeout=280)
    assert run.returncode == 0, f"{told}\n{output}"
    assert "every promise was kept" in output


def test_a_run_that_is_interrupted_leaves_nothing(home: Path) -> None:
    with soak(home, "--seconds", "600", "--faults", "scale") as run:
        assert run.stderr is not None
        assert "scale" in run.stderr.readline()
        started = running_from(next(home.glob("soak-*")))
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130, run.stderr.read()
    assert len(started) > 1
    wait_for(lambda: not any(process.is_running() for process in started), "the end of all processes")
    assert list(home.glob("soak-*")) == []
