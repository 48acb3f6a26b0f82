"""Time limits that share a timer: each does what asyncio.timeout does."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import pytest

from wesktop.asgi.timeouts import deadlines, time_limit

SOON = 0.01


async def waits_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def test_what_takes_too_long_is_a_timeout_and_the_task_is_as_before() -> None:
    async def scenario() -> int:
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(TimeoutError), time_limit(SOON):
            await waits_for_ever()
        await asyncio.sleep(0)
        return task.cancelling() + len(deadlines(asyncio.get_running_loop()).running)

    assert asyncio.run(scenario()) == 0


@pytest.mark.parametrize("seconds", [60, None])
def test_what_is_done_in_time_is_not_disturbed(seconds: float | None) -> None:
    async def scenario() -> int:
        with time_limit(seconds):
            await asyncio.sleep(0)
        return len(deadlines(asyncio.get_running_loop()).running)

    assert asyncio.run(scenario()) == 0


def test_another_error_stays_what_it_is() -> None:
    async def scenario() -> None:
        with time_limit(60):
            raise KeyError("its own")

    with pytest.raises(KeyError):
        asyncio.run(scenario())


async def ours_in_ours(act: Callable[[], Awaitable[None]]) -> str:
    try:
        with time_limit(SOON), time_limit(60):
            await act()
    except TimeoutError:
        return "outer"
    return "none"


async def ours_in_asyncios(act: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(SOON):
            with time_limit(60):
                await act()
    except TimeoutError:
        return "outer"
    return "none"


async def inner_first(act: Callable[[], Awaitable[None]]) -> str:
    with time_limit(60):
        try:
            with time_limit(SOON):
                await act()
        except TimeoutError:
            return "inner"
    return "none"


@pytest.mark.parametrize(
    ("nest", "which"), [(ours_in_ours, "outer"), (ours_in_asyncios, "outer"), (inner_first, "inner")]
)
def test_limits_may_be_nested(nest: Callable[[Callable[[], Awaitable[None]]], Awaitable[str]], which: str) -> None:
    async def scenario() -> str:
        return await asyncio.wait_for(nest(waits_for_ever), 30)

    assert asyncio.run(scenario()) == which


def test_limits_of_many_tasks_end_each_its_own() -> None:
    async def limited(seconds: float) -> str:
        try:
            with time_limit(seconds):
                await waits_for_ever()
        except TimeoutError:
            return "over"
        return "none"

    async def scenario() -> list[str]:
        late = asyncio.ensure_future(limited(60))
        soon = [asyncio.ensure_future(limited(seconds)) for seconds in (3 * SOON, SOON, 2 * SOON)]
        over = await asyncio.wait_for(asyncio.gather(*soon), 30)
        assert not late.done()
        late.cancel()
        await asyncio.wait([late])
        assert late.cancelled()
        return over

    assert asyncio.run(scenario()) == ["over"] * 3


def test_a_task_that_has_swallowed_a_cancellation_before_still_has_timeouts() -> None:
    async def scenario() -> int:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError), time_limit(SOON):
            await waits_for_ever()
        return task.cancelling()

    assert asyncio.run(scenario()) == 1


def test_who_is_cancelled_as_its_time_is_over_ends_and_takes_it_for_no_timeout() -> None:
    async def limited() -> None:
        with time_limit(SOON):
            await waits_for_ever()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(limited())
        await asyncio.sleep(0)
        (limit,) = deadlines(asyncio.get_running_loop()).running
        # The loop stands still until the time is over. In its next turn it takes what was called for before, and then
        # what is due by the clock: both before the task gets its turn.
        time.sleep(SOON + max(0.0, limit.when - loop.time()))  # noqa: ASYNC251  it is to stand still
        loop.call_soon(task.cancel)
        await asyncio.wait([task])
        assert task.cancelled(), task

    asyncio.run(scenario())
