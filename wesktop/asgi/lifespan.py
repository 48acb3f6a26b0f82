"""Startup and shutdown, by ASGI's lifespan protocol (https://asgi.readthedocs.io/en/latest/specs/lifespan.html)."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from wesktop.asgi.reporting import log_exception
from wesktop.asgi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from inspect import Signature

Context = AbstractAsyncContextManager[Any]


class Lifespan:
    """The ASGI app of the "lifespan" scope: enters the application's context at startup, leaves it at shutdown.

    Parameters: *lifespan*, a callable that returns an async context manager, or an async generator function that
    yields once, either taking no argument or the app; *logger*, the name of the one that failures go to. A dict that
    it yields becomes the server's state, which every request carries. `app` is what a lifespan with an argument is
    given.

    Raises TypeError when *lifespan* is not such a callable.
    """

    app: ASGIApp

    def __init__(self, lifespan: Callable[..., Any] | None, logger: str) -> None:
        self.logger = logger
        self._enter = _context_factory(lifespan) if lifespan is not None else _no_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        phase = "startup"
        try:
            async with self._enter(self.app) as state:
                if isinstance(state, dict):
                    scope.setdefault("state", {}).update(state)
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()  # lifespan.shutdown
        except Exception as error:
            log_exception(self.logger, error, "lifespan failed at %s", phase)
            await send({"type": f"lifespan.{phase}.failed", "message": f"{type(error).__name__}: {error}"})
        else:
            await send({"type": "lifespan.shutdown.complete"})


def _no_context(_app: ASGIApp) -> Context:
    return contextlib.nullcontext()


def _context_factory(lifespan: Callable[..., Any]) -> Callable[[ASGIApp], Context]:
    """Decide, once, how *lifespan* is called."""
    import inspect  # late: it takes 5 ms to load

    # The result of @asynccontextmanager's function is callable too, as a decorator.
    is_context = isinstance(lifespan, AbstractAsyncContextManager)
    if is_context or not callable(lifespan) or inspect.iscoroutinefunction(lifespan):
        raise TypeError(
            f"lifespan {lifespan!r} must be a function that returns an async context manager: give one, uncalled"
        )
    context = contextlib.asynccontextmanager(lifespan) if inspect.isasyncgenfunction(lifespan) else lifespan
    signature = inspect.signature(lifespan)
    if _accepts(signature, 1):
        return context
    if _accepts(signature, 0):
        return lambda _app: context()
    raise TypeError(f"lifespan {lifespan!r} must take no argument or one, the app: it takes {signature}")


def _accepts(signature: "Signature", count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
