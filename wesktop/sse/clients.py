"""The clients of a broadcaster in this process, by the event loops that their streams run on."""

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from wesktop.sse.subscriber import Subscriber

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

KEEP_ALIVE_SECONDS = 15.0
"""How often a silent stream sends a comment, which keeps proxies from closing it (WHATWG HTML, 9.2.7)."""


class Clients:
    """Wakes the clients when there is something new, each on its own loop, and keeps silent streams alive.

    is_ready: returns True once the log is complete, so that a client can be given its place in it.
    """

    def __init__(self, is_ready: Callable[[], bool]) -> None:
        self._is_ready = is_ready
        self.reset()

    def reset(self) -> None:
        """Forget all clients. After a fork: they, and perhaps a held lock, are the parent's."""
        # By the loops of their streams, None before these have begun. Weak, as a stream that is never started (for a
        # HEAD request) has no end at which it could be taken out.
        self._by_loop: dict[AbstractEventLoop | None, weakref.WeakSet[Subscriber]] = {}
        # Re-entrant, as garbage collection may close a stream in the middle of it.
        self._lock = threading.RLock()
        self._waking: set[AbstractEventLoop] = set()
        self._keeping_alive: set[AbstractEventLoop] = set()

    def count(self) -> int:
        """Return how many clients are connected and keep up."""
        with self._lock:
            return sum(not client.is_behind for clients in self._by_loop.values() for client in clients)

    def add(self, client: Subscriber) -> None:
        """Add a client, whose stream may begin later."""
        with self._lock:
            self._by_loop.setdefault(client.loop, weakref.WeakSet()).add(client)
        if self._is_ready():
            client.place()

    def begin(self, client: Subscriber, loop: "AbstractEventLoop") -> None:
        """Start waking a client on the loop that its stream has begun on."""
        self.drop(client)
        client.loop = loop
        self.add(client)
        with self._lock:
            if loop not in self._keeping_alive:
                self._keeping_alive.add(loop)
                loop.call_later(KEEP_ALIVE_SECONDS, self._keep_alive, loop)

    def drop(self, client: Subscriber) -> None:
        """Remove a client that has gone."""
        with self._lock:
            clients = self._by_loop.get(client.loop, weakref.WeakSet())
            clients.discard(client)
            if not clients:
                self._by_loop.pop(client.loop, None)

    def wake(self) -> None:
        """Wake all clients, from any thread: each loop once for all that comes until it looks."""
        with self._lock:
            loops = {loop for loop in self._by_loop if loop is not None} - self._waking
            self._waking |= loops
        for loop in loops:
            try:
                loop.call_soon_threadsafe(self._wake, loop)
            except RuntimeError:  # it is closed, and its clients with it
                self._forget(loop)

    def _wake(self, loop: "AbstractEventLoop") -> None:
        with self._lock:
            self._waking.discard(loop)
        ready = self._is_ready()
        for client in self._on(loop):
            if ready:
                client.place()
            client.wake()

    def _on(self, loop: "AbstractEventLoop") -> list[Subscriber]:
        with self._lock:
            return list(self._by_loop.get(loop, ()))

    def _keep_alive(self, loop: "AbstractEventLoop") -> None:
        clients = self._on(loop)
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
            self._by_loop.pop(loop, None)
