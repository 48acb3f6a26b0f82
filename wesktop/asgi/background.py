"""Work that a handler has left for after its response."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from wesktop.asgi.reporting import log_exception, log_warning, printable
from wesktop.asgi.routing.handlers import is_async
from wesktop.asgi.threads import run_handler


class Call(NamedTuple):
    """A function and what to call it with."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


async def run_calls(calls: list[Call], path: str, logger: str, threads: int) -> None:
    """Call one after the other, as handlers are: async functions on the loop, others in a thread.

    What one raises is logged, and the next is called; so is what was not done when the worker's time to end was over.
    """
    done = 0
    try:
        for call in calls:
            try:
                await _run(call, threads)
            except Exception as error:
                log_exception(logger, error, "work after the response to %s failed", printable(path))
            done += 1
    finally:
        if done < len(calls):
            left = ", ".join(getattr(call.function, "__qualname__", repr(call.function)) for call in calls[done:])
            log_warning(logger, "work after the response to %s was cut off: %s", printable(path), left)


def _run(call: Call, threads: int) -> Awaitable[Any]:
    def function() -> Any:
        return call.function(*call.arguments, **call.keywords)

    return function() if is_async(call.function) else run_handler(threads, function)
