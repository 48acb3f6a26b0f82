"""Handlers: async functions run on the event loop, plain ones in a thread."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from wesktop.asgi.limits import DEFAULT, SCOPE_KEY
from wesktop.asgi.threads import run_handler

Handler = Callable[..., Any]
"""A request handler: an async function (run on the event loop) or a plain one (run in a thread)."""

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE


def to_async(handler: Handler) -> Callable[..., Awaitable[Any]]:
    """Return the handler as an async function. Raises TypeError unless it is a handler."""
    return handler if is_async(handler) else _in_thread(handler)


def is_async(handler: Handler) -> bool:
    """Return True if the handler is async. Raises TypeError unless it is a handler."""
    if not callable(handler):
        raise TypeError(f"handler {handler!r} cannot be called: give a function that takes the request")
    code = getattr(handler, "__code__", None)
    if code is not None and code.co_flags & _CO_COROUTINE:
        return True  # an `async def`, recognised without importing inspect (5 ms)
    import inspect

    function = handler
    while isinstance(function, functools.partial):
        function = function.func
    candidates = (function, getattr(function, "__call__", None))  # noqa: B004  an object's own `async def __call__`
    if any(map(inspect.isasyncgenfunction, candidates)):
        raise TypeError(f"handler {handler!r} is a generator: return StreamResponse(generator, content_type) instead")
    return any(map(inspect.iscoroutinefunction, candidates))


def _in_thread(handler: Handler) -> Callable[..., Awaitable[Any]]:
    def run(*arguments: Any) -> Any:
        try:
            return handler(*arguments)
        except StopIteration as error:
            # A future cannot hold a StopIteration: up to Python 3.11 awaiting it never ends.
            raise RuntimeError("the handler raised StopIteration") from error

    async def call(request: Any, *more: Any) -> Any:
        limits = request.scope.get(SCOPE_KEY, DEFAULT)
        return await run_handler(limits.threads, run, request, *more)

    return call
