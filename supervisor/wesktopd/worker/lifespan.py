"""The server's side of ASGI's lifespan protocol (asgi.readthedocs.io/en/latest/specs/lifespan.html, version 2.0).

A startup ends in one of four ways:

    complete     the app says so: it is served
    failed       the app says so: it is not served
    unsupported  the app returns, or raises before it has received `lifespan.startup`: it is served without
    raised       it raises later: it is served without, as the specification has it, and the log says so

granian's own lifespan sends `lifespan.shutdown` when it has let go of all connections, so that one client that does
not read its answer would keep the app from its shutdown. This one does not ask.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from wesktopd.worker.drain import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("wesktopd")

RAISED = {  # by the phase, and whether it was answered
    ("startup", False): "the app's lifespan raised at startup: the app is served without it, as ASGI has it",
    ("startup", True): "the app's lifespan raised while the app was served: its shutdown does not run",
    ("shutdown", False): "the app's lifespan raised at shutdown",
    ("shutdown", True): "the app's lifespan raised after its shutdown",
}


class Lifespan:
    """Runs an app's lifespan, and gives its state to the requests that pass through this as ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._asked = False  # whether the app has received a message
        self._phase = "startup"
        self._answer: asyncio.Future[str | None] | None = None  # to the phase's message: None, or why it has failed
        self._task: asyncio.Task[None] | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: a request is to pass through here at the price of a call.
        if self.state:
            scope["state"] = self.state.copy()
        return self._app(scope, receive, send)

    async def startup(self) -> str | None:
        """Have the app start; None, or the reason why it could not. Cancelled, it has what was begun undone."""
        answer = self._ask("startup")
        self._task = asyncio.create_task(self._run())
        try:
            return await answer
        except asyncio.CancelledError:
            self._task.cancel()
            await asyncio.wait((self._task,))
            raise

    async def shutdown(self) -> None:
        """Have the app shut down, and wait until it has."""
        if self._task is None or self._task.done():
            return
        failure = await self._ask("shutdown")
        if failure is not None:
            logger.error("the app's lifespan failed at shutdown%s", f": {failure}" if failure else "")

    def _ask(self, phase: str) -> "asyncio.Future[str | None]":
        self._phase = phase
        self._answer = asyncio.get_running_loop().create_future()
        self._messages.put_nowait({"type": f"lifespan.{phase}"})
        return self._answer

    def _settle(self, failure: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(failure)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:
            self._report(error)
        finally:
            self._settle(None)

    async def _receive(self) -> Message:
        message = await self._messages.get()
        self._asked = True
        return message

    async def _send(self, message: Message) -> None:
        if self._answer is None or self._answer.done():
            raise RuntimeError(f"the app sent {message['type']!r}, and was not asked")
        if message["type"] == f"lifespan.{self._phase}.complete":
            self._settle(None)
        elif message["type"] == f"lifespan.{self._phase}.failed":
            self._settle(str(message.get("message", "")))
        else:
            raise RuntimeError(f"the app sent {message['type']!r} in answer to 'lifespan.{self._phase}'")

    def _report(self, error: Exception) -> None:
        """Log the exception of a lifespan."""
        answer = self._answer
        answered = answer is not None and answer.done() and not answer.cancelled()
        if answer is not None and answered and answer.result() is not None:
            return  # it has reported its failure, and raises it too, as Starlette does
        if not self._asked:
            logger.info("the app does not support the lifespan protocol (%r)", error)
        else:
            logger.error(RAISED[self._phase, answered], exc_info=error)
