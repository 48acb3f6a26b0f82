"""A request that is answered later."""

import asyncio
from collections.abc import Callable

from wesktopd.errors import WesktopError


class Pending:
    """A request that is answered when `done` says so; `fails` tells whether it fails with a generation's worker.

    changes: whether it changes the pool.
    """

    def __init__(
        self, done: Callable[[], bool], fails: Callable[[int], bool] = lambda _: False, *, changes: bool = False
    ) -> None:
        self.done = done
        self.fails = fails
        self.changes = changes
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, error: WesktopError) -> None:
        """It is not going to be done."""
        if not self.future.done():
            self.future.set_exception(error)
