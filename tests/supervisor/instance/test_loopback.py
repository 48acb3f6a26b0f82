"""Both loopback addresses of a port: nobody else gets those who look for `localhost`."""

import errno
import socket
from contextlib import closing
from pathlib import Path

import pytest

from support.ipv6 import needs_ipv6
from support.scripts import free_port
from wesktopd.errors import PortInUseError
from wesktopd.instance.listener import CHOSEN_PORTS, Port, listen
from wesktopd.instance.loopback import is_twin

pytestmark = needs_ipv6

HOSTS = [("127.0.0.1", "::1"), ("::1", "127.0.0.1"), ("0.0.0.0", "::1"), ("::", "127.0.0.1"), ("::", "::1")]


def taken(host: str, port: int, *options: int) -> socket.socket:
    """A socket that another program has bound."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen()
    except OSError:
        sock.close()
        raise
    return sock


@pytest.mark.parametrize("options", [[], [socket.SO_REUSEADDR], [socket.SO_REUSEADDR, socket.SO_REUSEPORT]])
@pytest.mark.parametrize(("host", "other"), HOSTS)
def test_no_other_program_gets_the_other_address(host: str, other: str, options: list[int]) -> None:
    with closing(listen(host, free_port(), "app")) as held:
        port = held.listener.getsockname()[1]
        for address in (other, "::" if ":" in other else "0.0.0.0"):
            with pytest.raises(OSError, match="in use") as raised:
                taken(address, port, *options)
            assert raised.value.errno == errno.EADDRINUSE
    taken(other, port, socket.SO_REUSEADDR).close()


@pytest.mark.parametrize(("host", "other"), HOSTS[:2])
def test_who_asks_for_the_other_address_is_refused_at_once_and_goes_on(host: str, other: str) -> None:
    with closing(listen(host, free_port(), "app")) as held:
        port = held.listener.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((other, port), timeout=20)
        socket.create_connection((host, port), timeout=20).close()


@pytest.mark.parametrize(("host", "other"), HOSTS[:2])
def test_a_given_port_whose_other_address_is_taken_is_refused(host: str, other: str) -> None:
    port = free_port()
    with (
        taken(other, port, socket.SO_REUSEADDR),
        pytest.raises(PortInUseError, match=f"port {port} on {other} is in use"),
    ):
        listen(host, port, "app")
    listen(host, port, "app").close()


def test_of_chosen_ports_one_is_taken_that_is_free_at_both(tmp_path: Path) -> None:
    with closing(listen("127.0.0.1", 0, "name-of-twins", tmp_path / "port")) as first:
        port = first.listener.getsockname()[1]
    with taken("::1", port), closing(listen("127.0.0.1", 0, "name-of-twins")) as second:
        assert second.listener.getsockname()[1] != port
        assert second.listener.getsockname()[1] in CHOSEN_PORTS
        assert second.has_loopback


def test_connections_that_were_there_do_not_keep_the_address(tmp_path: Path) -> None:
    """A minute in TIME_WAIT (RFC 9293, 3.4.1) would else keep an app from moving from ::1 to 127.0.0.1."""
    with taken("::1", free_port(), socket.SO_REUSEADDR) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("::1", port)) as client:
            server.accept()[0].close()  # who closes first, waits
            assert client.recv(1) == b""
    listen("127.0.0.1", port, "app", tmp_path / "port").close()


def test_a_server_of_another_address_leaves_both_alone() -> None:
    with closing(listen("127.0.0.2", free_port(), "app")) as held:
        assert held.twin is None
        assert not held.has_loopback
        taken("::1", held.listener.getsockname()[1]).close()


def test_a_socket_that_was_passed_gets_its_other_address() -> None:
    with taken("127.0.0.1", free_port(), socket.SO_REUSEADDR) as passed, closing(Port.of(passed)) as held:
        assert held.has_loopback
        with pytest.raises(OSError, match="in use"):
            taken("::1", passed.getsockname()[1])


def test_what_is_kept_for_a_listener_of_all_addresses_of_ipv6_is_known_again() -> None:
    with taken("::", free_port(), socket.SO_REUSEADDR) as passed, closing(Port.of(passed)) as held:
        assert held.twin is not None
        assert is_twin(held.twin, passed)
