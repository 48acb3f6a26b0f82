"""The queue of a WebSocket's received messages, bounded by their number and size."""

from collections.abc import Awaitable, Callable

from wesktop.asgi.limits import Limits
from wesktop.asgi.receiving.receiver import Receiver
from wesktop.asgi.types import Message, Receive

MAX_WAITING = 256
"""Maximum number of queued messages; beyond it the client has to wait."""

TOO_BIG = 1009
"""Close code: RFC 6455, section 7.4.1."""


class Inbox(Receiver):
    """Receives ahead of the handler until the queue is full; then the client has to wait.

    A message that is too large ends the connection: `end` is set, then *refuse* is called once to close it.
    """

    _size = 0
    _is_refused = False

    def __init__(self, receive: Receive, limits: Limits, refuse: Callable[[], Awaitable[None]]) -> None:
        super().__init__(receive, MAX_WAITING)
        self._max_message_size = limits.max_message_size
        self._max_queue_size = limits.max_queue_size
        self._refuse = refuse

    @property
    def is_full(self) -> bool:
        """See Receiver."""
        return super().is_full or (self._max_queue_size is not None and self._size >= self._max_queue_size)

    def take(self, message: Message) -> bool:
        """See Receiver."""
        size = size_of(message)
        if self._max_message_size is not None and size > self._max_message_size:
            if self.end is None:
                self._is_refused = True
                reason = f"a message has {size} bytes: at most {self._max_message_size} are accepted"
                self.end = {"type": "websocket.disconnect", "code": TOO_BIG, "reason": reason}
            return False
        self._size += size
        return super().take(message)

    async def next(self) -> Message:
        """See Receiver."""
        message = await super().next()
        self._size -= size_of(message)
        return message

    def close(self, end: Message) -> None:
        """See Receiver. Where the client is being refused, the task ends by itself."""
        if not self._is_refused:
            super().close(end)

    async def refused(self) -> None:
        """Wait until a refused client has been sent the close."""
        if self._is_refused and self._task is not None:
            import asyncio  # late: see wesktop.asgi

            await asyncio.wait((self._task,))

    async def _listen(self) -> None:
        await super()._listen()
        if self._is_refused:
            await self._refuse()


def size_of(message: Message) -> int:
    """Return the size of a message in bytes; 0 for other events."""
    text: str | None = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode())
