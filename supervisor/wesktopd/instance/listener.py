"""The listening socket: bound once, kept for as long as the supervisor lives, inherited by its workers."""

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
from wesktopd.system.atomic_files import atomic_write
from wesktopd.system.private_files import private_dir, read_private

# Below every system's range for outgoing connections (from 32768 on Linux, 49152 elsewhere), so that a port that was
# once chosen is not taken by chance before the next start.
CHOSEN_PORTS = range(20000, 32000)
CHOICES = 100
LOOK_EVERY = 0.01  # seconds

_AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


@dataclass(frozen=True)
class Port:
    """A port that is held. twin: what keeps its other loopback address from others, see wesktopd.instance.loopback.

    has_loopback: whether all who look for it by a name of this machine find it, and nobody else.
    """

    listener: socket.socket
    twin: socket.socket | None
    has_loopback: bool

    @classmethod
    def of(cls, listener: socket.socket) -> "Port":
        """That of a socket that listens. Raises OSError when another process has its other loopback address."""
        return cls(listener, reserve_twin(listener), is_on_loopback(listener))

    def close(self) -> None:
        """Let others have it."""
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
    """Bind and listen; port 0 takes a free port for `name` and remembers it in the file `memory`, if there is one.

    A page's localStorage belongs to its port, so the same name gets the same port again; `warn` is told where it does
    not. patience: seconds that a given port has to become free in. Raises PortInUseError, which names the app or
    process that has the port, or BindError.
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
                warn(f"{why} Taking another one this time: the page starts without its storage.")
            continue
        if memory and remembered is None:
            _remember(memory, candidate, warn)
        return opened
    return _bind(host, 0, 0.0)


def url_of(listener: socket.socket) -> str:
    """The address to open in a window or browser on this machine."""
    host, port = listener.getsockname()[:2]
    return f"http://{address(reachable(host), port)}"


def is_listener(sock: socket.socket) -> bool:
    """Whether it is one that `listen` could have made."""
    return (
        sock.family in (socket.AF_INET, socket.AF_INET6)
        and sock.type == socket.SOCK_STREAM
        and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    )


def listens_at(listener: socket.socket, host: str, port: int) -> bool:
    """Whether it is where `listen` would have put it; port 0 stands for any."""
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
    """Raises OSError as it comes: to explain it takes long, see `in_use_by`."""
    family, kind, proto, _, address = _resolve(host, port)
    listener = socket.socket(family, kind, proto)
    try:
        # Without it a port stays refused for a minute after its connections closed. SO_REUSEPORT is never set:
        # it would let a second server share the port without an error.
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
        # Late, and for what is shown alone: it looks at all processes, 40 ms.
        from wesktopd.instance.port_owner import in_use_by

        return PortInUseError(f"port {port} on {host} is in use by {in_use_by(port)}")
    if error.errno == errno.EACCES:
        return BindPermissionError(f"port {port} on {host} may not be bound by this user: give one from 1024 up.")
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
