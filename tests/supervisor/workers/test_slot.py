"""A worker's life: the table and the backoff."""

import itertools

import pytest

from wesktopd.workers.slot import HEALTHY_AFTER, MAX_DELAY, TRANSITIONS, SlotState, Transition, WorkerSlot, delay

NOW = 1000.0


@pytest.mark.parametrize(("state", "event"), list(itertools.product(SlotState, Transition)))
def test_only_what_the_table_has_can_happen(state: SlotState, event: Transition) -> None:
    worker = WorkerSlot(state=state)
    if (state, event) in TRANSITIONS:
        worker.advance(event, NOW)
        assert (worker.state, worker.since, worker.last_heartbeat) == (TRANSITIONS[state, event], NOW, NOW)
    else:
        with pytest.raises(ValueError, match=f"{state} .*{event}"):
            worker.advance(event, NOW)
        assert worker.state is state


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.1), (2, 0.2), (3, 0.4), (8, 12.8), (9, 25.6), (10, 30), (11, 30), (100000, 30)]
)
def test_the_delay_doubles_up_to_its_cap(failures: int, seconds: float) -> None:
    assert delay(failures, jitter=0) == pytest.approx(seconds)
    assert abs(delay(failures) - seconds) <= 0.1 * seconds + 1e-9


def test_the_first_crash_is_mended_at_once_and_further_ones_are_delayed() -> None:
    worker = WorkerSlot(state=SlotState.READY, since=NOW)
    worker.advance(Transition.EXITED, NOW + 1)
    assert worker.retry_at == NOW + 1
    for event in (Transition.SPAWNED, Transition.READY, Transition.EXITED):
        worker.advance(event, NOW + 2)
    assert worker.retry_at > NOW + 2
    assert worker.restarts == 1


def test_a_healthy_minute_makes_earlier_failures_forgotten() -> None:
    worker = WorkerSlot(state=SlotState.READY, since=NOW, failures=7)
    worker.advance(Transition.EXITED, NOW + HEALTHY_AFTER)
    assert (worker.failures, worker.retry_at) == (1, NOW + HEALTHY_AFTER)


def test_a_start_that_fails_is_always_delayed() -> None:
    worker = WorkerSlot(state=SlotState.STARTING, since=NOW)
    worker.advance(Transition.EXITED, NOW)
    assert NOW < worker.retry_at <= NOW + MAX_DELAY


@pytest.mark.parametrize(
    ("worker", "drains"),
    [
        (WorkerSlot(state=SlotState.READY), True),
        (WorkerSlot(state=SlotState.STARTING), False),
        (WorkerSlot(state=SlotState.READY, hung=True), False),
    ],
)
def test_only_a_worker_that_serves_has_requests_to_finish(worker: WorkerSlot, drains: bool) -> None:
    worker.advance(Transition.STOP, NOW)
    assert worker.drains is drains
