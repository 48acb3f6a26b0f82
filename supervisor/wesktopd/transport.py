"""How the control socket is reached: a Unix socket, or, where there are none, TCP on this machine with a secret.

The TCP variant's file holds `PORT SECRET`, readable by its owner alone. The secret is the client's first line; who
does not have it is not answered. WESKTOP_CONTROL=tcp chooses it where there are Unix sockets.
"""

import os
import socket
from pathlib import Path

from wesktopd.files import write_whole

SUFFIX = ".tcp"
SECRET_BYTES = 32
LOOPBACK = "127.0.0.1"


def has_unix_sockets() -> bool:
    """Whether this system has them."""
    return hasattr(socket, "AF_UNIX")


def uses_tcp() -> bool:
    """Whether a supervisor that starts now is to be reached by TCP."""
    return os.environ.get("WESKTOP_CONTROL") == "tcp" or not has_unix_sockets()


def listen(path: Path) -> tuple[socket.socket, str | None]:
    """The listening control socket that clients find at `path`, and the secret they need, if they need one.

    Raises OSError when it cannot be made.
    """
    return _listen_tcp(path) if path.suffix == SUFFIX else (listen_unix(path), None)


def listen_unix(path: Path) -> socket.socket:
    """A Unix socket for this user alone. Raises OSError when it cannot be made."""
    path.unlink(missing_ok=True)  # the lock is ours, so what is there is a dead supervisor's
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # chmod after bind would leave a moment in which others can connect
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _listen_tcp(path: Path) -> tuple[socket.socket, str]:
    import secrets  # late: with it comes OpenSSL

    secret = secrets.token_hex(SECRET_BYTES)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((LOOPBACK, 0))
        # The file is written last, so that who has read it can connect.
        listener.listen()
        write_whole(path, f"{listener.getsockname()[1]} {secret}\n".encode())
    except OSError:
        listener.close()
        raise
    return listener, secret


def connect(path: Path, timeout: float) -> socket.socket:
    """Connect to the control socket at `path`. Raises OSError, BlockingIOError where its queue is full."""
    greeting, address = _read(path) if path.suffix == SUFFIX else (b"", str(path))
    sock = socket.socket(socket.AF_INET if greeting else socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(address)
        sock.sendall(greeting)
    except BaseException:
        sock.close()
        raise
    return sock


def _read(path: Path) -> tuple[bytes, str | tuple[str, int]]:
    info = path.stat()
    if hasattr(os, "getuid") and (info.st_uid not in (os.getuid(), 0) or info.st_mode & 0o077):
        raise PermissionError(f"{path} is not for its owner alone")
    port, _, secret = path.read_text(encoding="ascii").strip().partition(" ")
    if not port.isdecimal() or not secret:
        raise OSError(f"{path} holds no port and secret")
    return f"{secret}\n".encode(), (LOOPBACK, int(port))


def is_secret(line: bytes, secret: str) -> bool:
    """Whether a client's first line is the secret; it takes as long whether or not."""
    import hmac

    return hmac.compare_digest(line.strip(), secret.encode())
