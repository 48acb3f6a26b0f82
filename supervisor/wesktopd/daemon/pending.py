"""A command that waits for a condition."""

import asyncio
from collections.abc import Callable

from wesktopd.errors import WesktopError


class Pending:
    """Waits until `done` returns True; fails with a worker that did not start if `fails(generation)` does.

    changes: the command changes the pool.
    """

    def __init__(
        self, done: Callable[[], bool], fails: Callable[[int], bool] = lambda _: False, *, changes: bool = False
    ) -> None:
        self.done = done
        self.fails = fails
        self.changes = changes
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, error: WesktopError) -> None:
        """Fail it: the condition will not be met."""
        if not self.future.done():
            self.future.set_exception(error)
