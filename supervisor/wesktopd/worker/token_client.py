"""Client for the supervisor's one-time tokens."""

import asyncio
import contextlib
import socket

from wesktopd.guard.tokens import TOKEN_BYTES
from wesktopd.wire.worker_messages import Redeem, Redeemed, encode

TIMEOUT = 5.0  # seconds until the supervisor must have answered


class TokenClient:
    """A worker's side. channel: to its supervisor; `received` may be called from any thread."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._number = 0

    async def redeem(self, token: str) -> bool:
        """Return whether the token is valid; False if the supervisor does not answer."""
        if len(token) != 2 * TOKEN_BYTES or not token.isascii():  # a long one might be sent in part
            return False
        self._number += 1
        number, future = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._channel.send(encode(Redeem(number=number, token=token)), socket.MSG_DONTWAIT)
            return await asyncio.wait_for(future, TIMEOUT)
        except (OSError, TimeoutError):
            return False
        finally:
            del self._waiting[number]

    def received(self, answer: Redeemed) -> None:
        """Resolve the call that this answers."""
        future = self._waiting.get(answer.number)
        if future is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: no request waits
                future.get_loop().call_soon_threadsafe(_settle, future, answer.admitted)


def _settle(future: asyncio.Future[bool], admitted: bool) -> None:
    if not future.done():
        future.set_result(admitted)
