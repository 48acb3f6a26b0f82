"""Pools of threads: one for the handlers of an app, which may block, and one for the work of this library.

They are apart, and apart from asyncio's own: handlers that wait for a dialog or a slow query must not keep others'
uploads and downloads waiting.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

OWN_THREADS = 4
"""Threads that parse forms and read files: short work of the processor and the disk, which never waits for a user."""


async def run_handler(threads: int, function: Callable[..., T], *arguments: Any) -> T:
    """Run a function of the app in one of so many threads; wait for a free one."""
    return await _run(_pool("handler", threads), function, *arguments)


async def run_own(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function of this library in a thread; it must not wait for the app, its user or a client."""
    return await _run(_pool("wesktop", OWN_THREADS), function, *arguments)


async def _run(pool: "ThreadPoolExecutor", function: Callable[..., T], *arguments: Any) -> T:
    import asyncio  # late: see wesktop.asgi
    import contextvars

    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, partial(context.run, function, *arguments))


@lru_cache
def _pool(name: str, threads: int) -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor  # late: most processes that import an application run none

    return ThreadPoolExecutor(threads, thread_name_prefix=name)
