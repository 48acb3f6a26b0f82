"""The listening socket: which port, and who has it."""

import contextlib
import errno
import os
import socket
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from support.ipv6 import needs_ipv6
from support.scripts import free_port
from wesktopd.errors import BindError, PortInUseError
from wesktopd.instance.listener import listen, url_of

NAME = uuid.uuid4().hex  # the port follows from it: one that no other process of tests has


def test_a_port_in_use_is_refused_by_the_name_of_its_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError) as raised:
            listen("127.0.0.1", port, "app", tmp_path / "port")
    assert f"port {port} on 127.0.0.1 is in use by " in raised.value.message
    assert f"(pid {os.getpid()})" in raised.value.message
    assert raised.value.errno == errno.EADDRINUSE


def test_a_second_listener_never_shares_the_port(tmp_path: Path) -> None:
    port = free_port()
    with closing(listen("127.0.0.1", port, "app", tmp_path / "port")), socket.socket() as second:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            second.bind(("127.0.0.1", port))


def test_port_0_takes_a_port_and_keeps_it_for_the_name(tmp_path: Path) -> None:
    memory = tmp_path / "state" / "app.port"
    with closing(listen("127.0.0.1", 0, NAME, memory)) as held:
        port = held.listener.getsockname()[1]
    assert 20000 <= port < 32000, "below the range of outgoing connections"
    assert memory.read_text() == f"{port}\n"
    with closing(listen("127.0.0.1", 0, NAME, memory)) as again:
        assert again.listener.getsockname()[1] == port


def test_a_kept_port_goes_before_the_one_that_follows_from_the_name(tmp_path: Path) -> None:
    memory = tmp_path / "app.port"
    port = free_port()
    memory.write_text(f"{port}\n")
    with closing(listen("127.0.0.1", 0, NAME, memory)) as held:
        assert held.listener.getsockname()[1] == port


def test_a_kept_port_that_is_taken_is_replaced_for_this_time_only(tmp_path: Path) -> None:
    memory, said = tmp_path / "app.port", list[str]()
    with closing(listen("127.0.0.1", 0, NAME, memory)) as first:
        kept = first.listener.getsockname()[1]
        with closing(listen("127.0.0.1", 0, NAME, memory, said.append)) as second:
            assert second.listener.getsockname()[1] != kept
    assert len(said) == 1
    assert said[0].startswith(f"port {kept} on 127.0.0.1 is in use by ")
    with closing(listen("127.0.0.1", 0, NAME, memory)) as third:
        assert third.listener.getsockname()[1] == kept


PASSED_OVER = """
import sys
from wesktopd.instance.listener import listen
listen("127.0.0.1", 0, sys.argv[1], None)
print("wesktopd.instance.port_owner" in sys.modules, "psutil" in sys.modules)
"""


def test_of_ports_that_are_passed_over_nobody_is_looked_for(tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    with contextlib.ExitStack() as taken:
        for _ in range(3):
            taken.enter_context(closing(listen("127.0.0.1", 0, name, None)))
        done = subprocess.run([sys.executable, "-c", PASSED_OVER, name], capture_output=True, text=True, timeout=30)
    assert done.stdout == "False False\n", done.stderr


@pytest.mark.parametrize("content", ["", "x", "0", "80", "70000", "-1"])
def test_a_memory_that_makes_no_sense_is_ignored(tmp_path: Path, content: str) -> None:
    memory = tmp_path / "app.port"
    memory.write_text(content)
    with closing(listen("127.0.0.1", 0, NAME, memory)) as held:
        assert memory.read_text() == f"{held.listener.getsockname()[1]}\n"


def test_a_memory_that_cannot_be_written_is_said_and_serving_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: list[str] = []
    listen("127.0.0.1", 0, NAME, tmp_path / "file" / "port", said.append).close()
    assert "cannot be kept for the next start" in said[0]


FREED = """
import socket, sys
from wesktopd.instance.listener import listen

taken = socket.create_server(("127.0.0.1", 0))
port = taken.getsockname()[1]
tries = []

def hook(event, arguments):
    if event == "socket.bind":
        tries.append(port)
        if len(tries) == 3:
            taken.close()

sys.addaudithook(hook)
held = listen("127.0.0.1", port, "app", patience=60)
print(held.listener.getsockname()[1] == port, len(tries) - 1)  # and one for its other loopback address
"""


def test_a_given_port_that_becomes_free_in_time_is_taken() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "True 3\n", done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "x" * 300])
def test_a_host_that_is_not_of_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(BindError) as raised:
        listen(host, free_port(), "app", tmp_path / "port")
    assert host in raised.value.message


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:{}"),
        ("0.0.0.0", "http://127.0.0.1:{}"),
        pytest.param("::1", "http://[::1]:{}", marks=needs_ipv6),
        pytest.param("::", "http://[::1]:{}", marks=needs_ipv6),
    ],
)
def test_the_url_is_one_that_this_machine_can_open(tmp_path: Path, host: str, url: str) -> None:
    with closing(listen(host, free_port(), "app", tmp_path / "port")) as held:
        assert url_of(held.listener) == url.format(held.listener.getsockname()[1])
