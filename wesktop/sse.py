"""Server-sent events (WHATWG HTML, section 9.2): one broadcaster, any number of pages."""

import threading
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from wesktop.asgi import codec
from wesktop.asgi.requests import Request
from wesktop.asgi.streams import StreamResponse

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

KEEP_ALIVE_SECONDS = 15.0
"""How long a stream is silent before a comment is sent, which keeps proxies from closing it (WHATWG HTML, 9.2.7)."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

# Sent at once: a proxy may hold the headers, and with them EventSource's `open`, until the first byte comes.
_CONNECTED = b": connected\n\n"
_KEEP_ALIVE = b": keep-alive\n\n"


def format_event(event: str, data: bytes) -> bytes:
    """One event in the wire format, *data* being UTF-8 with any of the line ends CR, LF and CRLF."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\ndata: ")
    return b"event: %b\ndata: %b\n\n" % (event.encode(), lines)


class Broadcaster:
    """Sends events to every connected client.

    Parameters: *buffer_size*, how many events may wait for one client, 256 unless given; *strict*, whether only
    registered event names are sent, True unless given. A client with a full buffer is dropped: its stream ends after
    what waits for it, and the page connects anew.

    All methods may be called from any thread. Raises ValueError when *buffer_size* is less than 1.
    """

    def __init__(self, buffer_size: int = 256, *, strict: bool = True) -> None:
        if buffer_size < 1:
            raise ValueError(f"buffer_size {buffer_size} leaves no room for an event: use 1 or more")
        self.buffer_size = buffer_size
        self.strict = strict
        self._event_types: frozenset[str] = frozenset()
        # Weak, as a stream that is never started (for a HEAD request) has no end at which it could be taken out.
        self._clients: weakref.WeakSet[_Client] = weakref.WeakSet()
        # Over the set of clients; re-entrant, as garbage collection may close a stream in the middle of it.
        self._lock = threading.RLock()

    @property
    def event_types(self) -> frozenset[str]:
        """The registered event names."""
        return self._event_types

    @property
    def client_count(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return len(self._clients)

    def register_event(self, name: str) -> None:
        """Allow the event *name*. Raises ValueError for an empty name or one with CR, LF or NUL."""
        _check_event_name(name)
        self._event_types |= {name}

    def broadcast(self, event: str, data: Any) -> None:
        """Send *event* to all clients, without waiting for any: *data* as it is when a str, otherwise as JSON.

        Raises ValueError for an event name that is not registered (when strict) or that has CR, LF or NUL, and
        TypeError when msgspec cannot encode *data*.
        """
        if event not in self._event_types:
            if self.strict:
                known = ", ".join(sorted(self._event_types)) or "none"
                raise ValueError(
                    f"event {event!r} is not registered: call register_event first (registered: {known})"
                )
            _check_event_name(event)
        message = format_event(event, data.encode() if isinstance(data, str) else codec.encode(data))
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            if not client.offer(message):
                self._drop(client)

    def stream(self, request: Request) -> StreamResponse:  # noqa: ARG002
        """Return the response that is the event stream; its client counts, and events wait for it, from here on."""
        client = _Client(self.buffer_size, self._drop)
        with self._lock:
            self._clients.add(client)
        return StreamResponse(client.messages(), "text/event-stream", _HEADERS)

    def _drop(self, client: "_Client") -> None:
        with self._lock:
            self._clients.discard(client)


class _Client:
    """What waits for one client: offered from any thread, taken on the loop of the client's stream."""

    def __init__(self, buffer_size: int, drop: Callable[["_Client"], None]) -> None:
        import asyncio  # late: see wesktop.asgi

        self._buffer_size = buffer_size
        self._drop = drop
        self._waiting: deque[bytes] = deque()
        self._dropped = False
        self._news = asyncio.Event()
        self._loop: AbstractEventLoop | None = None

    def offer(self, message: bytes) -> bool:
        """Have *message* sent; return False when the buffer is full, and end the stream after what is in it."""
        accepted = not self._dropped and len(self._waiting) < self._buffer_size
        if accepted:
            self._waiting.append(message)
        else:
            self._dropped = True
        return self._wake() and accepted

    def _wake(self) -> bool:
        """Tell the stream, if it has started; return False when its loop is closed."""
        loop = self._loop
        if loop is None:
            return True
        if loop is _running_loop():
            self._news.set()
            return True
        try:
            loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:  # the loop is closed
            return False
        return True

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream: what is offered, a comment at first and when there is nothing for a while."""
        import asyncio

        # Before the first look at the buffer: what a thread offers until now is found there, what it offers later
        # wakes.
        self._loop = asyncio.get_running_loop()
        try:
            yield _CONNECTED
            while True:
                while self._waiting:
                    yield self._waiting.popleft()
                if self._dropped:
                    return
                self._news.clear()
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        await self._news.wait()
                except TimeoutError:
                    yield _KEEP_ALIVE
        finally:
            self._drop(self)


def sse_route(broadcaster: Broadcaster) -> Callable[[Request], Awaitable[StreamResponse]]:
    """Return the handler of an event stream: `router.add_route("GET", "/events", sse_route(broadcaster))`."""

    async def handler(request: Request) -> StreamResponse:
        return broadcaster.stream(request)

    return handler


def _check_event_name(name: str) -> None:
    if not name or not {"\r", "\n", "\0"}.isdisjoint(name):
        raise ValueError(f"event name {name!r} must be one line and not empty: remove CR, LF and NUL")


def _running_loop() -> "AbstractEventLoop | None":
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
