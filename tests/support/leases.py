"""Connections to the control socket as others would write them: leases, and who asks something."""

import json
import socket

from support.running import Running


class Lease:
    """A window's or a caller's lease, as others would write it."""

    def __init__(self, app: Running, kind: str, **fields: str) -> None:
        self.sock: socket.socket = app.control_connection()
        self._lines = self.sock.makefile("rb")
        self.first = self.ask(type="attach", kind=kind, **fields)

    def send(self, **message: object) -> None:
        """Say something."""
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def next(self) -> dict[str, object]:
        """The next that comes."""
        found: dict[str, object] = json.loads(self._lines.readline() or b'{"type": "gone"}')
        return found

    def ask(self, **message: object) -> dict[str, object]:
        """Say something, and the answer."""
        self.send(**message)
        return self.next()

    def close(self) -> None:
        """End it."""
        self._lines.close()
        self.sock.close()


class Asker(Lease):
    """A connection without a lease."""

    def __init__(self, app: Running) -> None:
        self.sock = app.control_connection()
        self._lines = self.sock.makefile("rb")


def ask(app: Running, **message: object) -> dict[str, object]:
    """One request on a connection of its own."""
    with app.control_connection() as sock, sock.makefile("rb") as lines:
        sock.sendall(json.dumps(message).encode() + b"\n")
        found: dict[str, object] = json.loads(lines.readline())
        return found
