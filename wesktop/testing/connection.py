"""A bidirectional connection to an app, as a stream or a WebSocket needs it."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from wesktop.asgi.reporting import log_exception
from wesktop.asgi.types import ASGIApp, Message, Scope

ENDS_WITHIN = 5.0  # seconds in which an app must return after the disconnect


class AppConnection:
    """Runs an app on a scope, as an async context manager; at the end it receives *disconnect* and must return."""

    def __init__(self, app: ASGIApp, scope: Scope, first: Message, disconnect: Message) -> None:
        self._app = app
        self._scope = scope
        self._disconnect = disconnect
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: deque[Message] = deque()
        self._news = asyncio.Event()  # the app has sent something, or returned
        self._to_app.put_nowait(first)
        self._is_disconnected = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        self._task.add_done_callback(lambda _: self._news.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.disconnect()
        try:
            await asyncio.wait((self._task,), timeout=ENDS_WITHIN)
        finally:
            ended = self._task.done()
            self._task.cancel()
        if not ended:
            raise RuntimeError(f"the app goes on, {ENDS_WITHIN:g} seconds after its client has gone")
        if kind is None:
            self._task.result()  # raises what the app raised
        elif not self._task.cancelled() and (raised := self._task.exception()) not in (None, error):
            assert raised is not None
            log_exception("wesktop", raised, "the app failed as well")

    def send(self, message: Message) -> None:
        """Send a message to the app."""
        self._to_app.put_nowait(message)

    def disconnect(self) -> None:
        """Send the disconnect, once."""
        if not self._is_disconnected:
            self._is_disconnected = True
            self._to_app.put_nowait(self._disconnect)

    async def receive(self) -> Message | None:
        """Return the next message of the app; None when it has returned. Raises what it raises.

        If the wait is cancelled, the message stays for the next call.
        """
        while not self._from_app:
            if self._task.done():
                self._task.result()
                return None
            self._news.clear()
            await self._news.wait()
        return self._from_app.popleft()

    async def _send(self, message: Message) -> None:
        self._from_app.append(message)
        self._news.set()

    async def _receive(self) -> Message:
        message = await self._to_app.get()
        if message is self._disconnect:  # every later receive() gets it too
            self._to_app.put_nowait(message)
        return message
