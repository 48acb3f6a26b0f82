"""A clock that is set back: nothing is taken for running that is not, and no line is lost."""

import os
import time
from pathlib import Path

import pytest

from wesktopd.errors import PidFileError
from wesktopd.instance.pidfile import PidFile
from wesktopd.logs.journal import Journal
from wesktopd.system import Identity, identify

HOUR = 3600


def test_lines_that_are_printed_afterwards_are_kept_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(None)
    journal.say("before")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - HOUR)
    journal.say("after")
    journal.say("and after that")
    before, after, last = journal.last(None, None)
    assert [before.text, after.text, last.text] == ["before", "after", "and after that"]
    assert after.time < last.time < before.time


def test_a_dead_supervisors_pid_file_from_the_future_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "app.pid"
    stranger = os.getppid()
    path.write_text(f"{stranger}\n")
    os.utime(path, (time.time() + HOUR, time.time() + HOUR))
    with pytest.raises(PidFileError, match="which is running"):
        PidFile(path).claim()  # for all that the times say, the stranger has written it
    PidFile(path).claim(Identity(stranger, 1.0))  # the state file knows that its writer began at another moment
    assert path.read_text() == f"{os.getpid()}\n"


def test_a_process_is_raised_by_what_no_clock_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identify(os.getpid())
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - HOUR)
    assert before is not None
    assert identify(os.getpid()) == before
