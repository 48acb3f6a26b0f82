"""Clients that open a new connection for each request, all the while, and count what becomes of them."""

import collections
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

TIMEOUT = 40.0  # seconds; an answer that is late is no failure, one that does not come is


class Load:
    """What was answered. `answers` are the bodies, in order; `failures` says what went wrong instead."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answers: list[dict[str, Any]] = []
        self.failures: list[str] = []

    def run(self, every: float) -> None:
        """Ask until the load is stopped."""
        while not self._stop.is_set():
            try:
                answer = json.loads(request(self._port, self._path))
            except (OSError, ValueError) as error:
                with self._lock:
                    self.failures.append(repr(error))
            else:
                with self._lock:
                    self.answers.append(answer)
            self._stop.wait(every)

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def values(self, key: str) -> list[Any]:
        """The different values of a field of the answers, in the order in which they first came."""
        with self._lock:
            return [*dict.fromkeys(answer[key] for answer in self.answers)]

    def counts(self, key: str) -> "collections.Counter[Any]":
        """How often each value of a field has come."""
        with self._lock:
            return collections.Counter(answer[key] for answer in self.answers)


def request(port: int, path: str) -> bytes:
    """The body of a 200 answer over a connection of its own. Raises OSError or ValueError for all else."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode())
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    head, found, body = data.partition(b"\r\n\r\n")
    if not found or not head.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"answered {data[:200]!r}")
    return body


@contextlib.contextmanager
def load(port: int, path: str = "/", clients: int = 4, every: float = 0.005) -> Iterator[Load]:
    """Put an app under load while this is entered; that begins with as many answers as there are clients."""
    made = Load(port, path)
    threads = [threading.Thread(target=made.run, args=(every,)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        deadline = time.monotonic() + TIMEOUT
        while len(made.answers) < clients and not made.failures and time.monotonic() < deadline:
            time.sleep(0.005)
        yield made
    finally:
        made.stop()
        for thread in threads:
            thread.join()
