"""The server's side of the lifespan protocol."""

import asyncio
from typing import Any

from wesktop.asgi.types import ASGIApp, Message


class LifespanRun:
    """Starts an app and shuts it down. state: receives what the app's lifespan yields.

    Both raise what the app raises, and RuntimeError when it answers that it has failed, or not at all.
    """

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self._app = app
        self._state = state

    async def startup(self) -> None:
        """Enter the app's lifespan."""
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        self._task = asyncio.ensure_future(self._app(scope, self._to_app.get, self._from_app.put))
        await self._exchange("startup")

    async def shutdown(self) -> None:
        """Leave the app's lifespan."""
        await self._exchange("shutdown")
        await self._task

    async def _exchange(self, phase: str) -> None:
        await self._to_app.put({"type": f"lifespan.{phase}"})
        answer = asyncio.ensure_future(self._from_app.get())
        try:
            await asyncio.wait((answer, self._task), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        finally:
            answer.cancel()
        if not answer.done():
            self._task.result()  # raises what the app raised
            raise RuntimeError(f"the app's lifespan returned without an answer to {phase}")
        if answer.result()["type"] != f"lifespan.{phase}.complete":
            raise RuntimeError(f"lifespan {phase} failed: {answer.result().get('message', '')}")
