"""The workers' life: the table, the backoff, and what is done next."""

import itertools

import pytest

from wesktopd.generations import (
    HEALTHY_AFTER,
    KILL_MARGIN,
    MAX_DELAY,
    TRANSITIONS,
    Act,
    Desired,
    Event,
    State,
    Worker,
    delay,
    plan,
)

WANTED = Desired(running=True, start_timeout=60, drain_timeout=5)
UNWANTED = Desired(running=False, start_timeout=60, drain_timeout=5)
NOW = 1000.0


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_only_what_the_table_has_can_happen(state: State, event: Event) -> None:
    worker = Worker(state=state)
    if (state, event) in TRANSITIONS:
        worker.advance(event, NOW)
        assert (worker.state, worker.since) == (TRANSITIONS[state, event], NOW)
    else:
        with pytest.raises(ValueError, match=f"a worker that is {state} cannot be {event}"):
            worker.advance(event, NOW)
        assert worker.state is state


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.1), (2, 0.2), (3, 0.4), (8, 12.8), (9, 25.6), (10, 30), (11, 30), (100000, 30)]
)
def test_the_delay_doubles_up_to_its_cap(failures: int, seconds: float) -> None:
    assert delay(failures, jitter=0) == pytest.approx(seconds)
    assert abs(delay(failures) - seconds) <= 0.1 * seconds + 1e-9


def test_the_first_crash_is_mended_at_once_and_further_ones_are_delayed() -> None:
    worker = Worker(state=State.READY, since=NOW)
    worker.advance(Event.EXITED, NOW + 1)
    assert worker.retry_at == NOW + 1
    for event in (Event.SPAWNED, Event.READY, Event.EXITED):
        worker.advance(event, NOW + 2)
    assert worker.retry_at > NOW + 2
    assert worker.restarts == 1


def test_a_healthy_minute_makes_earlier_failures_forgotten() -> None:
    worker = Worker(state=State.READY, since=NOW, failures=7)
    worker.advance(Event.EXITED, NOW + HEALTHY_AFTER)
    assert (worker.failures, worker.retry_at) == (1, NOW + HEALTHY_AFTER)


def test_a_start_that_fails_is_always_delayed() -> None:
    worker = Worker(state=State.STARTING, since=NOW)
    worker.advance(Event.EXITED, NOW)
    assert NOW < worker.retry_at <= NOW + MAX_DELAY


@pytest.mark.parametrize(
    ("worker", "desired", "act", "ask_again"),
    [
        (Worker(state=State.STOPPED), WANTED, Act.SPAWN, None),
        (Worker(state=State.STOPPED), UNWANTED, None, None),
        (Worker(state=State.FAILED), WANTED, None, None),
        (Worker(state=State.FAILED), UNWANTED, None, None),
        (Worker(state=State.STARTING, since=NOW), WANTED, None, NOW + 60),
        (Worker(state=State.STARTING, since=NOW - 60), WANTED, Act.KILL, None),
        (Worker(state=State.STARTING, since=NOW), UNWANTED, Act.TERMINATE, None),
        (Worker(state=State.READY, since=NOW), WANTED, None, None),
        (Worker(state=State.READY, since=NOW), UNWANTED, Act.TERMINATE, None),
        (Worker(state=State.BACKOFF, retry_at=NOW + 3), WANTED, None, NOW + 3),
        (Worker(state=State.BACKOFF, retry_at=NOW), WANTED, Act.SPAWN, None),
        (Worker(state=State.BACKOFF, retry_at=NOW + 3), UNWANTED, Act.TERMINATE, None),
        (Worker(state=State.DRAINING, since=NOW), UNWANTED, None, NOW + 5 + KILL_MARGIN),
        (Worker(state=State.DRAINING, since=NOW - 6), UNWANTED, Act.KILL, None),
        (Worker(state=State.DRAINING, since=NOW, drains=False), UNWANTED, None, NOW + KILL_MARGIN),
        (Worker(state=State.DRAINING, since=NOW - 1, drains=False), UNWANTED, Act.KILL, None),
    ],
)
def test_what_is_done_next(worker: Worker, desired: Desired, act: Act | None, ask_again: float | None) -> None:
    assert plan(worker, desired, NOW) == (act, ask_again)


@pytest.mark.parametrize(("state", "drains"), [(State.READY, True), (State.STARTING, False)])
def test_only_a_worker_that_served_has_requests_to_finish(state: State, drains: bool) -> None:
    worker = Worker(state=state)
    worker.advance(Event.STOP, NOW)
    assert worker.drains is drains
