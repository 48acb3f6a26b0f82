"""Work that a handler has left for after its response."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from wesktop.asgi.reporting import log_exception, printable
from wesktop.asgi.routing.handlers import is_async
from wesktop.asgi.threads import run_handler


class Call(NamedTuple):
    """A function and what to call it with."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


async def run_calls(calls: list[Call], path: str, logger: str, threads: int) -> None:
    """Call one after the other, as handlers are: async functions on the loop, others in a thread.

    In a task of its own, which goes on if the request's is cancelled: a server that stops may do so once the response
    has been sent. Its name is shown if it is cut off.
    """
    import asyncio  # late: see wesktop.asgi

    names = ", ".join(getattr(call.function, "__qualname__", repr(call.function)) for call in calls)
    where = f"after the response to {printable(path)}"
    await asyncio.shield(asyncio.create_task(_run_all(calls, where, logger, threads), name=f"{names} {where}"))


async def _run_all(calls: list[Call], where: str, logger: str, threads: int) -> None:
    for call in calls:
        try:
            await _run(call, threads)
        except Exception as error:
            log_exception(logger, error, "work %s failed", where)


def _run(call: Call, threads: int) -> Awaitable[Any]:
    def function() -> Any:
        return call.function(*call.arguments, **call.keywords)

    return function() if is_async(call.function) else run_handler(threads, function)
