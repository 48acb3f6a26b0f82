"""Several starts of an app at once: which of them opens its window. Real control connections."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.leases import Asker, Lease, ask
from support.running import Running, Start
from support.upgrading import install
from support.waiting import wait_for
from wesktopd.control.windows import OPENS_WITHIN

LAUNCH = {"type": "launch", "arguments": ["a"], "directory": "/x"}
TOLD = {"type": "launched", "id": 0, "arguments": ["a"], "directory": "/x"}

Open = Callable[..., Lease]


PATIENCE = 4.0  # seconds that a window is waited for where a test sits that out, instead of OPENS_WITHIN
impatient = pytest.mark.parametrize("app", [PATIENCE], indirect=True)


@pytest.fixture
def app(request: pytest.FixtureRequest, start_app: Start, home: Path) -> Running:
    """An app without a window; its parameter: how long its supervisor waits for one, in seconds."""
    seconds = getattr(request, "param", OPENS_WITHIN)
    install(home, "control/windows.py", f"OPENS_WITHIN = {OPENS_WITHIN}", f"OPENS_WITHIN = {seconds}")
    return start_app(PYTHONPATH=str(home / "packages"))


@pytest.fixture
def opened(app: Running) -> Iterator[Open]:
    """Open a window's lease, or a connection without one; those that are left end with the test."""
    with ExitStack() as stack:

        def open_one(kind: type[Lease] = Asker, *arguments: str) -> Lease:
            made = kind(app, *arguments)
            stack.callback(made.close)
            return made

        yield open_one


def waits(start: Lease) -> Lease:
    """Have a start ask for a window, and see that it has no answer yet, though what it asks next has."""
    start.send(type="show", id=1, launch=LAUNCH)
    assert start.ask(type="status", id=2)["id"] == 2
    return start


def has_turn(start: Lease) -> bool:
    """Whether it is told to open one, and holds a lease from then on."""
    return [start.next()["type"] for _ in range(3)] == ["vacant", "ready", "others"]


@pytest.fixture
def first(opened: Open) -> Lease:
    """A start that opens a window."""
    start = opened()
    start.send(type="show", launch=LAUNCH)
    assert has_turn(start)
    return start


@pytest.mark.parametrize("launch", [LAUNCH, None])
def test_a_window_that_is_there_is_raised_and_told(opened: Open, launch: dict[str, object] | None) -> None:
    window, start = opened(Lease, "window"), opened()
    assert start.ask(type="show", id=3, launch=launch) == {"type": "done", "id": 3, "note": ""}
    assert window.next()["type"] == "raise"
    if launch:
        assert window.next() == TOLD
    assert window.ask(type="focused")["type"] == "done", "nothing else came"


def test_while_one_opens_a_window_the_others_wait_and_all_are_told_to_it(first: Lease, opened: Open) -> None:
    starts = [waits(opened()) for _ in range(3)]
    window = opened(Lease, "window")
    for start in starts:
        assert start.next() == {"type": "done", "id": 1, "note": ""}
    assert [window.next() for _ in range(6)][1::2] == [TOLD] * 3


def test_when_the_first_ends_without_a_window_just_one_of_the_others_opens_it(first: Lease, opened: Open) -> None:
    second, third = waits(opened()), waits(opened())
    first.close()
    assert has_turn(second)
    assert third.ask(type="status", id=2)["id"] == 2, "it waits still"
    second.close()
    assert has_turn(third)


def test_who_has_gone_is_not_waited_for(first: Lease, opened: Open) -> None:
    gone, third = waits(opened()), waits(opened())
    gone.close()
    first.close()
    assert has_turn(third)


@impatient
def test_a_window_that_does_not_come_is_waited_for_for_so_long_alone(first: Lease, opened: Open) -> None:
    began = time.monotonic()
    starts = [waits(opened()), waits(opened())]
    answered, _, _ = select.select([start.sock for start in starts], [], [], 5 * PATIENCE)
    assert time.monotonic() - began > PATIENCE - 1
    second, other = sorted(starts, key=lambda start: start.sock not in answered)
    assert has_turn(second)
    assert other.ask(type="status", id=2)["id"] == 2, "it waits for the second"


@impatient
def test_a_lease_of_long_ago_is_not_waited_for(app: Running, opened: Open) -> None:
    opened(Lease, "caller")
    began = time.monotonic()
    wait_for(lambda: time.monotonic() > began + PATIENCE, "a while")
    assert ask(app, type="show")["type"] == "vacant"


def test_who_waits_is_raised_when_the_app_stops(app: Running, first: Lease, opened: Open) -> None:
    second = waits(opened())
    ask(app, type="stop")
    answer = second.next()
    assert (answer["type"], answer["error"]) == ("failed", "NotRunningError")


def test_a_window_is_waited_for_through_a_restart_and_an_upgrade(app: Running, first: Lease, opened: Open) -> None:
    second = waits(opened())
    app.ctl("restart")
    assert second.ask(type="status", id=2)["id"] == 2
    app.ctl("upgrade")
    assert second.ask(type="status", id=3)["id"] == 3
    first.close()
    assert has_turn(second)


def test_another_program_of_the_name_is_raised_who_has_it(app: Running, opened: Open) -> None:
    own = ask(app, type="status")
    for target, import_path in (("other:app", own["import_path"]), (own["target"], ["/elsewhere"])):
        answer = opened().ask(type="show", target=target, import_path=import_path)
        assert (answer["type"], answer["error"]) == ("failed", "AlreadyRunningError")
        assert repr(own["target"]) in str(answer["message"])


def test_whoever_opens_the_window_learns_what_that_needs(app: Running, opened: Open) -> None:
    own = ask(app, type="status")
    start = opened()
    vacant = start.ask(type="show", id=1, target=own["target"], import_path=own["import_path"])
    ready = start.next()
    expected = {"type": "vacant", "id": 1, "windows": 0, "one_shot": False, "origin": ready["origin"]}
    assert (vacant, ready["type"]) == (expected, "ready")


def test_arguments_that_are_too_long_are_refused(opened: Open) -> None:
    answer = opened().ask(type="show", launch={**LAUNCH, "arguments": ["x" * 64_500]})
    assert answer["error"] == "ConfigurationError"
    assert "64,512" in str(answer["message"])


@impatient
def test_a_launch_is_kept_for_a_window_that_opens_soon_and_not_for_a_later_one(app: Running, opened: Open) -> None:
    assert ask(app, **LAUNCH)["type"] == "done"
    kept = time.monotonic()
    soon = opened(Lease, "window")
    assert soon.next() == TOLD
    soon.close()
    wait_for(lambda: app.status()["windows"] == 0, "its end")
    assert ask(app, **LAUNCH)["type"] == "done"
    kept = time.monotonic()
    wait_for(lambda: time.monotonic() > kept + PATIENCE, "a while")
    later = opened(Lease, "window")
    assert later.ask(type="focused")["type"] == "done", "nothing else came"
