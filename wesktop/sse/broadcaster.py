"""The broadcaster: sends events to any number of pages."""

import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any

from wesktop.asgi.parameters import check_flag, check_number, check_type
from wesktop.asgi.requests import Request
from wesktop.asgi.streams import StreamResponse
from wesktop.sse.buses.bus import Bus
from wesktop.sse.buses.choice import bus_of
from wesktop.sse.event_format import check_event_name, check_group, encode_data
from wesktop.sse.log import Log
from wesktop.sse.parameters import names
from wesktop.sse.stream import EventStream
from wesktop.sse.subscriber import Subscriber

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

KEEP_ALIVE_SECONDS = 15.0
"""Seconds after which a silent stream sends a comment, which keeps proxies from closing it (WHATWG HTML, 9.2.7)."""

HISTORY = 1000
HISTORY_BYTES = 4 * 1024 * 1024
HISTORY_SECONDS = 600.0
"""Events kept for pages that reconnect: their number, size and age."""

RETRY = 1000
"""Milliseconds after which a disconnected page reconnects."""

BUFFER_BYTES = 1024 * 1024
"""Bytes by which a page may fall behind."""

BUFFER_SECONDS = 60.0
"""Seconds by which a page may fall behind."""

MAX_EVENT = 1_000_000
"""Maximum size of an event's data in characters."""

FORK_PATIENCE = 1.0
"""Seconds a forked process waits for its own connection to the bus, as it may exit right after broadcasting."""

_names = (f"events-{number}" if number > 1 else "events" for number in range(1, 1 << 30))


class Broadcaster:
    """Sends events to all connected clients, and missed events to a client that reconnects.

    Parameters:
        buffer_size: events by which a client may fall behind, 256 by default; then its stream ends, so that it
            reconnects and continues where it was.
        strict: accept only registered event names, True by default.
        buffer_bytes: bytes by which it may fall behind, 1 MiB by default.
        history: number of events kept for clients that reconnect, 1,000 by default; 0 for none.
        history_bytes, history_seconds: their maximum size and age; 4 MiB and 600 s by default.
        retry: milliseconds after which a disconnected client reconnects, 1,000 by default.
        name: its name in all processes of the app; by default "events", then "events-2".
        bus: transport of the events: None for the supervisor if there is one, else this process; "memory" for
            this process only; "redis://..." for Redis or Valkey, across machines.

    A client that reconnects sends the ID of its last event (`Last-Event-ID`). If that event is no longer kept, the
    client receives an event "reset": it has missed events and should reload its state.

    All methods may be called from any thread, also before the loop runs. Raises TypeError for a parameter of another
    type, ValueError for a number out of range or an unknown bus.
    """

    def __init__(
        self,
        buffer_size: int = 256,
        *,
        strict: bool = True,
        buffer_bytes: int = BUFFER_BYTES,
        history: int = HISTORY,
        history_bytes: int = HISTORY_BYTES,
        history_seconds: float = HISTORY_SECONDS,
        retry: int = RETRY,
        name: str | None = None,
        bus: str | None = None,
    ) -> None:
        for what, value in (("buffer_size", buffer_size), ("buffer_bytes", buffer_bytes), ("history", history),
                            ("history_bytes", history_bytes), ("retry", retry)):  # fmt: skip
            check_number(what, value)
        check_number("history_seconds", history_seconds, fraction=True)
        for what, value in (("buffer_size", buffer_size), ("buffer_bytes", buffer_bytes)):
            if value < 1:
                raise ValueError(f"{what} must be 1 or more, not {value}")
        check_flag("strict", strict)
        if name is not None:
            check_event_name(name, "name")
        self.buffer_size = buffer_size
        self.strict = strict
        self.name = name or next(_names)
        self._buffer_bytes = buffer_bytes
        self._retry = retry
        self._event_types: frozenset[str] = frozenset()
        # Events by which a client may fall behind must be kept, even if none are kept for reconnects.
        limits = max(history, buffer_size), max(history_bytes, 2 * buffer_bytes), max(history_seconds, BUFFER_SECONDS)
        self._limits = limits
        self._wanted_bus = bus
        self._begin()
        self._bus.open(self._log, self._on_news)
        self._is_open = True
        _broadcasters.add(self)

    def _begin(self) -> None:
        self._log = Log(*self._limits)
        # By the loops of their streams, None before these have begun. Weak, as a stream that is never started (for a
        # HEAD request) has no end at which it could be taken out.
        self._clients: dict[AbstractEventLoop | None, weakref.WeakSet[Subscriber]] = {}
        # Over the set of clients; re-entrant, as garbage collection may close a stream in the middle of it.
        self._lock = threading.RLock()
        self._opening = threading.Lock()
        self._waking: set[AbstractEventLoop] = set()
        self._keeping_alive: set[AbstractEventLoop] = set()
        self._bus: Bus = bus_of(self._wanted_bus, self.name, self._limits)

    def after_fork(self) -> None:
        """Reset in a forked child, as threads, connections and held locks are the parent's; reopened when used."""
        self._bus.abandon()
        self._begin()
        self._is_open = False

    def _open_again(self) -> None:
        with self._opening:
            if self._is_open:
                return
            self._bus.open(self._log, self._on_news)
            give_up_at = time.monotonic() + FORK_PATIENCE
            while not self._bus.ready and time.monotonic() < give_up_at:
                time.sleep(0.002)
            self._is_open = True

    @property
    def event_types(self) -> frozenset[str]:
        """The registered event names."""
        return self._event_types

    @property
    def client_count(self) -> int:
        """Number of clients that are connected to this process and not behind."""
        with self._lock:
            return sum(not client.is_behind for clients in self._clients.values() for client in clients)

    def register_event(self, name: str) -> None:
        """Allow the event *name*. Raises TypeError unless it is a str, ValueError if empty or with CR, LF or NUL."""
        check_event_name(name)
        self._event_types |= {name}

    def broadcast(self, event: str, data: Any, *, to: str | None = None) -> None:
        """Send *event* to all clients without waiting: *data* unchanged if it is a str, otherwise as JSON.

        to: the group that receives it, see `stream`; by default all clients.

        Raises ValueError for an event name that is not registered (when strict) or that has CR, LF or NUL, and for
        more than a million characters; TypeError when msgspec cannot encode *data*, or *to* is not a str.
        """
        if event not in self._event_types:
            if self.strict:
                known = ", ".join(sorted(self._event_types)) or "none"
                raise ValueError(
                    f"event {event!r} is not registered: call register_event first (registered: {known})"
                )
            check_event_name(event)
        check_group(to)
        text = encode_data(data)
        if len(text) > MAX_EVENT:
            raise ValueError(f"event {event!r} has {len(text)} characters: send at most {MAX_EVENT}, or a URL")
        if not self._is_open:
            self._open_again()
        self._bus.publish(event, text, to)

    def stream(
        self, request: Request, *, events: Collection[str] | None = None, groups: Collection[str] = ()
    ) -> StreamResponse:
        """Return the event stream as a response. Its client is counted, and events are kept for it, from now on.

        events: names of the events to send; by default all. groups: groups whose events it receives in addition to
        those for all, such as its user's name. Raises TypeError for a single str instead of a collection.
        """
        if not self._is_open:
            self._open_again()
        client = Subscriber(
            self._log,
            request.header("last-event-id") or request.query("lastEventId") or None,
            events=None if events is None else names("events", events),
            groups=names("groups", groups),
            max_events=self.buffer_size,
            max_bytes=self._buffer_bytes,
            retry=self._retry,
            came=None if self._bus.ready else time.monotonic(),
            sends_position=request.query("_wesktop") == "positions",  # by the script that wesktop serves
        )
        self._add(client)
        return EventStream(self, client)

    def begin(self, client: Subscriber, loop: "AbstractEventLoop") -> None:
        """Add a client whose stream has begun on this loop."""
        self.drop(client)
        client.loop = loop
        self._add(client)
        with self._lock:
            if loop not in self._keeping_alive:
                self._keeping_alive.add(loop)
                loop.call_later(KEEP_ALIVE_SECONDS, self._keep_alive, loop)

    def drop(self, client: Subscriber) -> None:
        """Remove a client."""
        with self._lock:
            clients = self._clients.get(client.loop, weakref.WeakSet())
            clients.discard(client)
            if not clients:
                self._clients.pop(client.loop, None)

    def _add(self, client: Subscriber) -> None:
        with self._lock:
            self._clients.setdefault(client.loop, weakref.WeakSet()).add(client)
        if self._bus.ready:
            client.place()

    def _on_news(self) -> None:
        """Wake the waiting clients after news: once per loop until that loop has run."""
        with self._lock:
            loops = {loop for loop in self._clients if loop is not None} - self._waking
            self._waking |= loops
        for loop in loops:
            try:
                loop.call_soon_threadsafe(self._wake, loop)
            except RuntimeError:  # it is closed, and its clients with it
                self._forget(loop)

    def _wake(self, loop: "AbstractEventLoop") -> None:
        with self._lock:
            self._waking.discard(loop)
        ready = self._bus.ready
        for client in self._clients_on(loop):
            if ready:
                client.place()
            client.wake()

    def _clients_on(self, loop: "AbstractEventLoop") -> list[Subscriber]:
        with self._lock:
            return list(self._clients.get(loop, ()))

    def _keep_alive(self, loop: "AbstractEventLoop") -> None:
        clients = self._clients_on(loop)
        for client in clients:
            client.keep_alive()
        with self._lock:
            if clients:
                loop.call_later(KEEP_ALIVE_SECONDS, self._keep_alive, loop)
            else:
                self._keeping_alive.discard(loop)

    def _forget(self, loop: "AbstractEventLoop") -> None:
        with self._lock:
            self._waking.discard(loop)
            self._keeping_alive.discard(loop)
            self._clients.pop(loop, None)


_broadcasters: weakref.WeakSet[Broadcaster] = weakref.WeakSet()


def _after_fork() -> None:
    for broadcaster in [*_broadcasters]:
        broadcaster.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def sse_route(broadcaster: Broadcaster) -> Callable[[Request], Awaitable[StreamResponse]]:
    """Return the handler of an event stream: `router.add_route("GET", "/events", sse_route(broadcaster))`.

    Raises TypeError unless it is a `Broadcaster`.
    """
    check_type("broadcaster", broadcaster, Broadcaster)

    async def handler(request: Request) -> StreamResponse:
        return broadcaster.stream(request)

    return handler
