"""The control socket: a Unix socket or, where there are none, TCP on this machine with a secret.

The TCP variant's file holds `PORT SECRET`, readable by its owner alone. Both ends prove that they know the secret
before any message, see `wesktopd.wire.greeting`. WESKTOP_CONTROL=tcp chooses it even where there are Unix
sockets.
"""

import errno
import os
import re
import socket
import sys
import time
from pathlib import Path

from wesktopd.system.atomic_files import atomic_write
from wesktopd.system.posix.forked import withhold
from wesktopd.system.posix.lock import Lock
from wesktopd.system.posix.peers import is_trusted_peer
from wesktopd.system.posix.private_files import FILE_MODE, OTHERS, read_private
from wesktopd.wire.greeting import MAX_LINE, ClientGreeting

TYPE_CHECKING = False  # as type checkers know it: a window waits for this module
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

SUFFIX = ".tcp"
SECRET_BYTES = 32
MAX_FILE = 256
LOOPBACK = "127.0.0.1"

_PORT_AND_SECRET = re.compile(rb"(\d{1,5}) ([0-9a-f]{%d})\n?" % (2 * SECRET_BYTES))


def has_unix_sockets() -> bool:
    """Return whether this system has Unix sockets."""
    return hasattr(socket, "AF_UNIX")


def uses_tcp() -> bool:
    """Return whether a supervisor that starts now listens on TCP."""
    return os.environ.get("WESKTOP_CONTROL") == "tcp" or not has_unix_sockets()


def listen(path: Path) -> tuple[socket.socket, str | None]:
    """Return the listening control socket that clients find at `path`, and the secret that they need, if any.

    Raises OSError when it cannot be made.
    """
    return _listen_tcp(path) if path.suffix == SUFFIX else (listen_unix(path), None)


def listen_unix(path: Path) -> socket.socket:
    """Return a listening Unix socket for this user alone. Raises OSError if it cannot be created."""
    path.unlink(missing_ok=True)  # the lock is ours, so what is there is a dead supervisor's
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # The umask is not touched: it is that of all threads. Until it listens, no client can connect.
        path.chmod(FILE_MODE)
        listener.listen()  # now: until then clients that find it are refused, as if nothing ran
        withhold(listener.fileno(), listener.getsockname())
    except OSError:
        listener.close()
        raise
    return listener


async def serve(
    connection: "Callable[[], asyncio.BaseProtocol]",
    listener: socket.socket,
    backlog: int = 100,
    *,
    start_serving: bool = True,
) -> "asyncio.Server":
    """Serve on a listening socket. The path of a Unix socket stays when the server is closed: another process may go
    on with it.
    """
    import asyncio  # late: a client needs none

    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {"sock": listener, "backlog": backlog, "start_serving": start_serving}
    if listener.family == socket.AF_INET:
        return await loop.create_server(connection, **options)
    if sys.version_info >= (3, 13):
        options["cleanup_socket"] = False
    return await loop.create_unix_server(connection, **options)


def _listen_tcp(path: Path) -> tuple[socket.socket, str]:
    secret = os.urandom(SECRET_BYTES).hex()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if (
            exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        ) is not None:  # on Windows another could bind it
            listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        listener.bind((LOOPBACK, 0))
        # The file is written last, so that a client that has read it can connect.
        listener.listen()
        withhold(listener.fileno(), listener.getsockname())
        atomic_write(path, f"{listener.getsockname()[1]} {secret}\n".encode())
    except OSError:
        listener.close()
        raise
    return listener, secret


def connect(path: Path, timeout: float) -> socket.socket:
    """Connect to the control socket at `path` within `timeout` seconds; whose it is, is certain then.

    Raises OSError: PermissionError where it is another user's, BlockingIOError where its queue is full or it hangs up
    before it has proved its identity, NotProvenError if a stranger has its port, TimeoutError if it sends nothing.
    """
    deadline = time.monotonic() + timeout
    secret, address = _read(path) if path.suffix == SUFFIX else (None, str(path))
    sock = socket.socket(socket.AF_UNIX if secret is None else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    withhold(sock.fileno())
    try:
        sock.connect(address)
        if not is_trusted_peer(sock):
            raise PermissionError(errno.EACCES, "another user listens there", str(path))
        if secret is not None:
            _greet(sock, ClientGreeting(secret), deadline)
    except BaseException:
        sock.close()
        raise
    return sock


def _read(path: Path) -> tuple[str, tuple[str, int]]:
    if not Lock(path.with_suffix(".lock")).is_held():  # a dead supervisor's file: the port may be anybody's by now
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED), str(path))
    found = parse(read_private(path, MAX_FILE, OTHERS))  # a file that others could read has no secret
    if found is None:
        raise OSError(f"{path} holds no port and secret")
    port, secret = found
    return secret, (LOOPBACK, port)


def _greet(sock: socket.socket, greeting: ClientGreeting, deadline: float) -> None:
    """Verify the server's proof, then send this client's. Every read is bounded, in bytes and time."""
    line = b""
    try:
        sock.sendall(greeting.hello)
        while not line.endswith(b"\n"):
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            if not (data := sock.recv(MAX_LINE - len(line))):
                raise ConnectionResetError
            line += data
            if len(line) == MAX_LINE:
                break
        sock.sendall(greeting.answer(line))
    except (ConnectionResetError, BrokenPipeError):
        raise BlockingIOError(errno.EAGAIN, "it closed the connection before it had proved itself") from None


def parse(data: bytes) -> tuple[int, str] | None:
    """Return the port and the secret in a file; None for any other content."""
    match = _PORT_AND_SECRET.fullmatch(data)
    if match is None or not 0 < int(match[1]) <= 65535:
        return None
    return int(match[1]), match[2].decode()
