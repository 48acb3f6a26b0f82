"""`make soak`, in short: under restarts, kills and upgrades every promise is kept; interrupted, it leaves nothing.

And it knows a broken promise when it sees one.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from soak.ledger import NOTICED_WITHIN, SEEN_WITHIN, Killing, Ledger
from soak.measures import Held, Snapshot, exceptions
from soak.pages import Events
from support.scripts import running_from
from support.waiting import wait_for

TESTS = Path(__file__).parents[1]
SOAK = [sys.executable, "-m", "soak", "--rate", "50", "--clients", "6", "--pause", "0.5"]


def soak(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a run whose files are below `home`."""
    env = {**os.environ, "PYTHONPATH": str(TESTS), "TMPDIR": str(home)}
    return subprocess.Popen(
        [*SOAK, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home
    )


@pytest.mark.long
def test_every_promise_is_kept_through_restarts_kills_and_upgrades(home: Path) -> None:
    faults = "restart,kill a worker,upgrade,scale,stop a worker for a while,stop the supervisor for a while"
    arguments = ["--seconds", "5", "--quiet", "1", "--hang-timeout", "60", "--guests", "3", "--faults", faults]
    with soak(home, *arguments) as run:
        output, told = run.communicate(timeout=280)
    assert run.returncode == 0, f"{told}\n{output}"
    assert "every promise was kept" in output


@pytest.mark.long
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


@pytest.mark.parametrize(
    ("began", "failed", "pid", "excused"),
    [
        (99.0, 100.0, None, True),
        (99.0, 100.0, 7, True),
        (99.0, 100.0, 8, False),  # another worker had it
        (100.1, 101.0, None, True),
        (101.0, 101.5, None, False),  # it began when the worker had gone
        (90.0, 100.0 - SEEN_WITHIN / 2, 7, True),
        (90.0, 95.0, 7, False),  # the worker was only stopped then
        (99.0, 101.0 + NOTICED_WITHIN, 7, False),  # it hung
    ],
)
def test_a_failure_is_excused_by_the_end_of_the_worker_that_had_it(
    began: float, failed: float, pid: int | None, excused: bool
) -> None:
    ledger = Ledger(print, killings=[Killing(7, since=80.0, over=100.0)])
    assert ledger.excuses(began, failed, pid) is excused


@pytest.mark.parametrize(
    ("placed", "sentences"),
    [
        ({1: 1, 2: 2, 3: 3}, []),
        ({1: 1, 2: 3}, ["events: 2 was answered by worker 7, and told to no page"]),
        ({1: 1, 2: 2, 3: 2, 4: 3}, ["events: told more than once: [2]"]),
        ({1: 1, 2: 2}, []),  # the last was answered just before the kill
    ],
)
def test_an_event_that_is_lost_or_told_twice_is_named(placed: dict[int, int], sentences: list[str]) -> None:
    ledger = Ledger(print, killings=[Killing(7, since=100.0, over=100.1)])
    events = Events(ledger, sent={1: (10.0, 7), 2: (20.0, 7), 3: (99.9, 7)}, placed=placed)
    events.check()
    assert [broken.what for broken in ledger.broken] == sentences


def test_events_have_one_order_for_all_pages() -> None:
    events = Events(Ledger(print))
    events.place("a", 1, 5)
    events.place("a", 1, 5)
    assert events.ledger.broken == []
    events.place("a", 1, 6)
    assert "1 is 6 for one page, 5 for another" in events.ledger.broken[0].what


def snapshot(descriptors: int, tasks: int, threads: int, *files: str) -> Snapshot:
    """An app with one worker."""
    worker = Held(Counter(socket=descriptors), threads, 0, Counter(wait=tasks))
    return Snapshot(Held(Counter(pipe=descriptors), threads, 0), {7: worker}, {*files}, 2)


def test_what_is_left_over_is_named() -> None:
    before = snapshot(3, 1, 2, "app.lock")
    assert snapshot(2, 1, 2).beyond(before) == []
    assert snapshot(4, 2, 20, "app.lock", "draft").beyond(before) == [
        "file draft",
        "supervisor has more descriptors: {'pipe': 1}",
        "supervisor has 20 threads instead of 2",
        "worker 7 has more descriptors: {'socket': 1}",
        "worker 7 has more tasks: {'wait': 1}",
        "worker 7 has 20 threads instead of 2",
    ]


def test_exceptions_are_found_in_a_log_though_others_write_between() -> None:
    log = [
        "T1 5 stdout tick 1",
        "T2 6 stderr Traceback (most recent call last):",
        'T3 6 stderr   File "x.py", line 3',
        "T4 5 stdout tick 2",
        "T5 6 stderr ValueError: no",
    ]
    assert exceptions(log) == ['T2 6 stderr ValueError: no | File "x.py", line 3']
