"""When a time in which nothing ran is noticed."""

import asyncio

import pytest

from wesktopd.system.standstill import LATE, STEP, Standstill, sleep_awake

NOW = 1000.0
EVERY = 5.0


@pytest.mark.parametrize(
    ("wake_at", "look_at"),
    [(None, None), (NOW + 2, NOW + 2), (NOW + 60, NOW + EVERY), (NOW - 60, NOW)],
)
def test_it_is_looked_for_until_the_next_deadline(wake_at: float | None, look_at: float | None) -> None:
    assert Standstill().next_look(NOW, wake_at, EVERY) == look_at


@pytest.mark.parametrize(
    ("wake_at", "now", "since"),
    [
        (NOW + 60, NOW + EVERY, None),
        (NOW + 60, NOW + EVERY + LATE, None),
        (NOW + 60, NOW + EVERY + LATE + 0.1, NOW),
        (NOW + 1, NOW + 1 + LATE + 0.1, NOW),
        (NOW - 60, NOW, None),
        (None, NOW + 3600, None),
    ],
)
def test_a_look_that_is_late_tells_since_when_nothing_ran(
    wake_at: float | None, now: float, since: float | None
) -> None:
    standstill = Standstill()
    standstill.next_look(NOW, wake_at, EVERY)
    assert standstill.noticed(now) == since
    assert standstill.noticed(now) is None, "it is told once"


def test_of_a_sleep_that_a_standstill_interrupts_the_rest_is_slept_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        clock, leap = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: clock() + leap)
        began = clock()
        sleeping = asyncio.ensure_future(sleep_awake(4 * STEP))
        await asyncio.sleep(0)
        leap = 3600.0
        await sleeping
        return clock() - began

    assert asyncio.run(scenario()) >= 3 * STEP
