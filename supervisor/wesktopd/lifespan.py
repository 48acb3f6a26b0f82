"""Watches the lifespan's answer go by: it is what makes a worker ready, or refuses it.

ASGI lifespan protocol 2.0: an app answers `startup.complete` or `startup.failed`; one that raises on the lifespan
scope does not support it, and is served without.
"""

import asyncio
from collections.abc import Awaitable, Callable

from wesktopd.drain import ASGIApp, Message, Receive, Scope, Send


class LifespanWatch:
    """ASGI middleware that calls `on_ready()`, or `on_failed(message)`, once."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None], on_failed: Callable[[str], None]) -> None:
        self._app = app
        self._on_ready = on_ready
        self._on_failed = on_failed
        self._answered = False
        self._task: asyncio.Task[None] | None = None

    def cancel_startup(self) -> None:
        """Have a startup that is still going on undone; neither callback is called any more."""
        if not self._answered and self._task is not None:
            self._answered = True
            self._task.cancel()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: a request is to pass through here at the price of a call.
        watch = scope["type"] == "lifespan"
        return self._watch(scope, receive, send) if watch else self._app(scope, receive, send)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._task = asyncio.current_task()

        async def watched_send(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and not self._answered:
                self._answered = True
                self._on_failed(str(message.get("message", "")))
            await send(message)
            if message["type"] == "lifespan.startup.complete" and not self._answered:
                self._answered = True
                self._on_ready()

        try:
            await self._app(scope, receive, watched_send)
        finally:
            if not self._answered:  # it raised or returned without a word: lifespan is not supported
                self._answered = True
                self._on_ready()
