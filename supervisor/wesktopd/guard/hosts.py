"""The names of a server, and which pages are its own. No I/O except in `machine_names` and `check_resolves`."""

import contextlib
import re
import time
from collections.abc import Callable, Sequence

from wesktopd.errors import ConfigurationError

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  nothing is bound

LOOK_AGAIN = 2.0  # seconds

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}")


class Hosts:
    """The values of `Host` that a server answers to (RFC 9110, 7.2), which ends DNS rebinding.

    names: returns those that need the port. It is called again for a host that is not among them, at most
    once in LOOK_AGAIN seconds: a laptop has other addresses in another network. allowed: further ones; one without a
    port is for any.
    """

    def __init__(self, names: Callable[[], Sequence[str]], port: int, allowed: Sequence[str]) -> None:
        further = [name.lower() for name in allowed]
        self._names = names
        self._port = port
        self._further = frozenset(name.encode() for name in further)
        self._any_port = frozenset(name.encode() for name in further if _port_of(name) is None)
        self._look()

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        own = [name.lower() for name in self._names()]
        self.known = self._further | {f"{name}:{self._port}".encode() for name in own}
        if self._port == 80:  # which clients leave out (RFC 9110, 4.2.3)
            self.known |= {name.encode() for name in own}

    def knows(self, host: bytes) -> bool:
        """Return whether it is one of them, in any case."""
        host = host.lower()
        if not self._has(host) and time.monotonic() - self._looked_at >= LOOK_AGAIN:
            with contextlib.suppress(OSError):  # no descriptor is left, say: it goes by what it knows
                self._look()
        return self._has(host)

    def _has(self, host: bytes) -> bool:
        if host in self.known:
            return True
        name, colon, port = host.rpartition(b":")
        return bool(colon) and port.isdigit() and name in self._any_port


def own_names(name: str, host: str) -> list[str]:
    """Return the names of a server of this app that listens on `host`, without its port."""
    found = [*LOOPBACK_NAMES, *([f"{name}.localhost"] if name else [])]
    if host in WILDCARDS:
        return [*found, *machine_names()]
    return [*found, bracketed(host)]


def machine_names() -> list[str]:
    """This machine's name, also as others find it by multicast DNS (RFC 6762), and its addresses; asks no server."""
    import socket

    import psutil

    addresses = [address for interface in psutil.net_if_addrs().values() for address in interface]
    kinds = (socket.AF_INET, socket.AF_INET6)
    # Without the zone of a link-local one, which no browser sends (RFC 6874 was given up).
    name = socket.gethostname()
    local = f"{name.partition('.')[0]}.local"
    return [name, local, *(bracketed(a.address.partition("%")[0]) for a in addresses if a.family in kinds)]


def bracketed(host: str) -> str:
    """A host as URLs have it: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def address(host: str, port: int) -> str:
    """HOST:PORT, as in URLs and in socket units."""
    return f"{bracketed(host)}:{port}"


def reachable(host: str) -> str:
    """Return the address at which a client on this machine finds what listens on `host`, which may stand for all."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound


def is_loopback(host: str) -> bool:
    """Return whether what listens on `host` can be reached from this machine alone."""
    if host in ("127.0.0.1", "localhost", "::1"):
        return True
    import ipaddress  # late: it takes 3 ms, and the first worker waits for this

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, *, allow_remote: bool, session: bool) -> None:
    """Refuse to listen for other machines unless that is meant, and they have to show that they belong.

    Raises ConfigurationError.
    """
    if is_loopback(host):
        return
    if allow_remote and session:
        return
    check_resolves(host)
    if not allow_remote:
        raise ConfigurationError(
            f"host {host!r} lets other machines in: give 127.0.0.1, or allow it "
            "(allow_remote=True or --allow-remote) and ask for a session (session=True or --session)."
        )
    raise ConfigurationError(
        f"host {host!r} is open to other machines, without authentication: "
        "ask for a session (session=True or --session), too."
    )


def check_resolves(host: str) -> None:
    """Check that a host is an address or has one. Raises ConfigurationError, worded as by `listener`.

    Nobody gets in by it, so what `check_exposure` says would mislead. It is refused all the same: it might resolve
    by the time of the bind.
    """
    import socket

    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"host {host!r} is not an address of this machine: {error}.") from None


def check_allowed_hosts(hosts: Sequence[str]) -> None:
    """Refuse what can be no value of `Host`; raises ConfigurationError."""
    for host in hosts:
        found = _HOST.fullmatch(host)
        if found is None or not _fits(found[2]):
            raise ConfigurationError(
                f"allowed host {host!r} is not a name: give one such as 'app.example' or 'app.example:8443'."
            )


def check_allowed_origins(origins: Sequence[str]) -> None:
    """Refuse what can be no origin as browsers write it (RFC 6454, 6.2); raises ConfigurationError."""
    for origin in origins:
        found = _ORIGIN.fullmatch(origin)
        if found is None or origin != origin.lower() or not _fits(found[2]):
            raise ConfigurationError(
                f"allowed origin {origin!r} is not an origin: give one such as 'http://localhost:5173', "
                "in lower case and without a path."
            )


def _fits(port: str | None) -> bool:
    return port is None or 1 <= int(port) <= 65535


def _port_of(host: str) -> str | None:
    found = _HOST.fullmatch(host)
    return found[2] if found else None
