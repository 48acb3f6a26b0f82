"""Sending to a client that may not read."""

from collections.abc import Awaitable

from wesktop.asgi.deadlines import time_limit
from wesktop.asgi.limits import DEFAULT, SCOPE_KEY
from wesktop.asgi.types import Message, Scope, Send


class ClientTooSlowError(Exception):
    """The client has not read for as long as it may take: its connection is broken off."""


def write_timeout(scope: Scope) -> float | None:
    """Seconds that the client of this request may take to read a chunk; None for any."""
    seconds: float | None = scope.get(SCOPE_KEY, DEFAULT).write_timeout
    return seconds


async def send_within(send: Send, message: Message, seconds: float | None) -> None:
    """Send a message; raises ClientTooSlowError when the client has not made room for it within so many seconds."""
    await within(send(message), seconds)


async def within(sent: Awaitable[None], seconds: float | None) -> None:
    """Wait for what `send` has returned; raises ClientTooSlowError as send_within does."""
    try:
        with time_limit(seconds):
            await sent
    except TimeoutError:
        raise ClientTooSlowError(f"the client has read nothing for {seconds:g} seconds") from None
