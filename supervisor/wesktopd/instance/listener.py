"""The listening socket: bound once, kept while the supervisor lives, inherited by its workers."""

import errno
import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wesktopd.errors import BindError, BindPermissionError, PortInUseError
from wesktopd.guard.hosts import address, reachable
from wesktopd.instance.loopback import is_on_loopback, reserve_twin
from wesktopd.limits import BACKLOG
from wesktopd.system import private_dir, read_private
from wesktopd.system.atomic_files import atomic_write

# Below every system's range for outgoing connections (from 32768 on Linux, 49152 elsewhere), so that a chosen port is
# not taken by chance before the next start.
CHOSEN_PORTS = range(20000, 32000)
CHOICES = 100
LOOK_EVERY = 0.01  # seconds

_AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


@dataclass(frozen=True)
class Port:
    """A port that is held. twin: reserves its other loopback address, see wesktopd.instance.loopback.

    has_loopback: whether requests to `localhost` at this port reach it, and no other program.
    """

    listener: socket.socket
    twin: socket.socket | None
    has_loopback: bool

    @classmethod
    def of(cls, listener: socket.socket) -> "Port":
        """Return the port of a listening socket. Raises OSError if another process has its other loopback address."""
        return cls(listener, reserve_twin(listener), is_on_loopback(listener))

    def close(self) -> None:
        """Release it."""
        self.listener.close()
        if self.twin is not None:
            self.twin.close()


def listen(
    host: str,
    port: int,
    name: str,
    memory: Path | None = None,
    warn: Callable[[str], object] = lambda _: None,
    patience: float = 0.0,
) -> Port:
    """Bind and listen; port 0 takes a free port for `name` and stores it in the file `memory`, if given.

    A page's localStorage belongs to its port, so the same name gets the same port again; `warn` receives a warning if
    it does not. patience: how many seconds to wait for a given port to become free. Raises PortInUseError, which
    names the app or process that has the port, or BindError.
    """
    if port:
        return _bind(host, port, time.monotonic() + patience)
    remembered = _recall(memory) if memory else None
    start = zlib.crc32(name.encode())
    chosen = [CHOSEN_PORTS[(start + i) % len(CHOSEN_PORTS)] for i in range(CHOICES)]
    for candidate in dict.fromkeys([remembered, *chosen] if remembered else chosen):
        try:
            opened = _open(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _explained(error, host, candidate) from None
            if candidate == remembered:
                why = _explained(error, host, candidate)
                warn(f"{why} Using another port this time: the page starts with empty storage.")
            continue
        if memory and remembered is None:
            _remember(memory, candidate, warn)
        return opened
    return _bind(host, 0, 0.0)


def url_of(listener: socket.socket) -> str:
    """Return the address to open in a window or browser on this machine."""
    host, port = listener.getsockname()[:2]
    return f"http://{address(reachable(host), port)}"


def is_listener(sock: socket.socket) -> bool:
    """Return whether it is a listening TCP socket, as `listen` makes them."""
    return (
        sock.family in (socket.AF_INET, socket.AF_INET6)
        and sock.type == socket.SOCK_STREAM
        and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    )


def listens_at(listener: socket.socket, host: str, port: int) -> bool:
    """Return whether it has the address that `listen` would bind; port 0 stands for any."""
    family, _, _, _, address = _resolve(host, port or listener.getsockname()[1])
    return listener.family == family and listener.getsockname()[:2] == address[:2]


def _resolve(host: str, port: int) -> _AddressInfo:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise BindError(f"host {host!r} is not an address of this machine: {error}.") from None


def _bind(host: str, port: int, deadline: float) -> Port:
    while True:
        try:
            return _open(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise _explained(error, host, port) from None
        time.sleep(LOOK_EVERY)


def _open(host: str, port: int) -> Port:
    """Bind and listen. Raises a bare OSError: explaining it takes long, see `in_use_by`."""
    family, kind, proto, _, address = _resolve(host, port)
    listener = socket.socket(family, kind, proto)
    try:
        # Without it, a port stays taken for a minute after its connections closed. SO_REUSEPORT is never set: it
        # would let a second server share the port without an error.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return Port.of(listener)
    except OSError:
        listener.close()
        raise


def _explained(error: OSError, host: str, port: int) -> BindError:
    if isinstance(error, BindError):
        return error
    host = error.filename or host  # which of the two loopback addresses it is
    if error.errno == errno.EADDRINUSE:
        # Late, and only for errors that are shown: it looks at all processes, 40 ms.
        from wesktopd.instance.port_owner import in_use_by

        return PortInUseError(f"port {port} on {host} is in use by {in_use_by(port)}")
    if error.errno == errno.EACCES:
        return BindPermissionError(f"port {port} on {host} may not be bound by this user: give a port from 1024 up.")
    return BindError(f"{host} port {port} cannot be bound: {error.strerror}.")


def _recall(memory: Path) -> int | None:
    try:
        port = int(read_private(memory, 16))
    except (OSError, ValueError):
        return None
    return port if 1024 <= port <= 65535 else None


def _remember(memory: Path, port: int, warn: Callable[[str], object]) -> None:
    try:
        private_dir(memory.parent)
        atomic_write(memory, f"{port}\n".encode(), durable=True)
    except OSError as error:
        warn(f"port {port} cannot be kept for the next start: {error}")
