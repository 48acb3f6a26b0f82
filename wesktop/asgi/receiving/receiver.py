"""Receiving ASGI messages: one task per connection, shared by all waiters."""

from typing import TYPE_CHECKING

from wesktop.asgi.reporting import log_exception
from wesktop.asgi.types import Message, Receive

if TYPE_CHECKING:
    from asyncio import Event, Task
    from collections import deque

DISCONNECTS = ("http.disconnect", "websocket.disconnect")


class Receiver:
    """Owns a connection's `receive()`: after the first request for a message only this calls it.

    A task calls it, so that waiting for a message can be cancelled at any time without losing it (granian treats a
    cancelled receive() as a disconnect). The end of the connection, or an exception of `receive()`, reaches all
    waiters. Parameter: *ahead*, how many messages may be queued before the client has to wait; with 0 none is
    received before it is asked for.

    end: the disconnect, as soon as it is received; earlier messages may still be queued. Setting it overrides the
    server's.
    """

    # On the class, so that what is never used costs nothing.
    end: Message | None = None
    _task: "Task[None] | None" = None
    _error: BaseException | None = None
    _is_raised = False
    _is_wanted = False  # whether somebody waits for one more message than there are

    _arrived: "deque[Message]"
    _news: "Event"
    _room: "Event"

    def __init__(self, receive: Receive, ahead: int = 0) -> None:
        self._receive = receive
        self._ahead = ahead

    @property
    def waiting(self) -> int:
        """Number of messages received and not yet taken."""
        return 0 if self._task is None else len(self._arrived)

    @property
    def is_full(self) -> bool:
        """True if the queue is full: more is received only on request."""
        return len(self._arrived) >= self._ahead

    def listen(self) -> "Task[None] | None":
        """Receive from now on without being asked. Return the task; None if the connection has ended."""
        self._ahead = self._ahead or 1
        self._begin()
        return self._task

    def _begin(self) -> None:
        if self._task is None and self.end is None:
            import asyncio  # late: see wesktop.asgi
            from collections import deque

            self._arrived = deque()
            self._news, self._room = asyncio.Event(), asyncio.Event()
            self._task = asyncio.ensure_future(self._listen())
        elif self._task is not None:
            self._room.set()

    def listen_again(self) -> None:
        """Resume after a disconnect that was ignored."""
        if self._task is not None:
            import asyncio

            self._task = asyncio.ensure_future(self._listen())

    async def next(self) -> Message:
        """Wait for the next message; after the end always return the disconnect.

        Raises the exception of `receive()` once all earlier messages have been taken.
        """
        while not self.waiting:
            if self.end is not None:
                return self.end
            self._is_wanted = True
            self._begin()
            await self.news()
        message = self._arrived.popleft()
        if self._ahead:
            self._room.set()
        return message

    async def news(self) -> None:
        """Wait for another message. Raises the exception of `receive()`, if any."""
        self.check()
        self._news.clear()
        await self._news.wait()

    def check(self) -> None:
        """Raise the exception of `receive()`, if any."""
        if self._error is not None and self.end is None:
            self._is_raised = True
            raise self._error

    def close(self, end: Message) -> None:
        """Stop receiving: current and later waiters get *end*, unless the connection has ended already."""
        if self.end is None:
            self.end = end
        if self._task is None:
            return
        error, self._error = self._error, None
        if error is not None and not self._is_raised:
            log_exception("wesktop", error, "the server's receive() failed")
        self._task.cancel()
        self._news.set()

    def take(self, message: Message) -> bool:
        """Queue a message. Return True to go on receiving."""
        self._arrived.append(message)
        return True

    def ends_with(self, message: Message) -> bool:  # noqa: ARG002  others look at it
        """Return True if this disconnect is the end; else receiving goes on."""
        return True

    async def _listen(self) -> None:
        goes_on = True
        try:
            while goes_on:
                message = await self._receive()
                if message["type"] in DISCONNECTS:
                    if not self.ends_with(message):
                        continue
                    self.end = self.end or message
                    return
                self._is_wanted = False
                goes_on = self.take(message)
                self._news.set()
                while goes_on and self.is_full and not self._is_wanted:
                    self._room.clear()
                    await self._room.wait()
        except BaseException as error:
            # By `close`. The task is not to keep the exception, and with it this frame, in a circle: granian keeps a
            # connection open for as long as its `receive` is referred to, until the next garbage collection then.
            if self.end is not None:
                return
            self._error = error
            if not isinstance(error, Exception):  # cancelled by others: no task must wait for what never comes
                self._error = ConnectionAbortedError("the server's receive() was cancelled")
                self._is_raised = True  # not a failure
                raise
        finally:
            self._news.set()
