"""Asks the supervisor, which has them, about one-time tokens."""

import asyncio
import contextlib
import socket

from wesktopd.guard.tokens import TOKEN_BYTES
from wesktopd.wire.channel import Redeem, Redeemed, encode

TIMEOUT = 5.0  # seconds that the supervisor has to answer in


class TokenClient:
    """A worker's side. channel: to its supervisor; `heard` may be called from any thread."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._number = 0

    async def redeem(self, token: str) -> bool:
        """Whether the token lets somebody in; not where the supervisor does not answer."""
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

    def heard(self, answer: Redeemed) -> None:
        """The supervisor has answered."""
        future = self._waiting.get(answer.number)
        if future is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                future.get_loop().call_soon_threadsafe(_settle, future, answer.admitted)


def _settle(future: asyncio.Future[bool], admitted: bool) -> None:
    if not future.done():
        future.set_result(admitted)
