"""A worker's life: the table and the backoff."""

import itertools

import pytest

from wesktopd.workers.worker_state import HEALTHY_AFTER, MAX_DELAY, TRANSITIONS, Event, State, Worker, delay

NOW = 1000.0


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_only_what_the_table_has_can_happen(state: State, event: Event) -> None:
    worker = Worker(state=state)
    if (state, event) in TRANSITIONS:
        worker.advance(event, NOW)
        assert (worker.state, worker.since, worker.heard) == (TRANSITIONS[state, event], NOW, NOW)
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
    ("worker", "drains"),
    [
        (Worker(state=State.READY), True),
        (Worker(state=State.STARTING), False),
        (Worker(state=State.READY, hung=True), False),
    ],
)
def test_only_a_worker_that_serves_has_requests_to_finish(worker: Worker, drains: bool) -> None:
    worker.advance(Event.STOP, NOW)
    assert worker.drains is drains
