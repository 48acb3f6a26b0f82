"""A server for other machines goes by the names and addresses that this one has, also those that it gets later."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from security.guarded import ask, guard
from wesktopd.guard import hosts
from wesktopd.guard.hosts import Hosts

TESTS = str(Path(__file__).parent.parent)

# In a network of its own, in which it may add addresses (netdevice(7)).
MOVES = """
import fcntl, socket, struct, sys
sys.path.insert(0, sys.argv[1])
from security.guarded import ask, guard
from support.waiting import wait_for

def add(label, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sHH4s8x", label, socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(sock, 0x8916, request)  # SIOCSIFADDR

def status(host):
    return ask(server, "GET", [("host", host)])[0]

add(b"lo", "127.0.0.1")
server = guard(host="0.0.0.0")
assert status("10.9.8.7:8000") == 421
add(b"lo:1", "10.9.8.7")
wait_for(lambda: status("10.9.8.7:8000") == 200, "the new address to be answered")
assert status("10.9.8.6:8000") == 421
assert status("127.0.0.1:8000") == 200
print("moved")
"""


def test_an_address_that_the_machine_gets_later_is_answered_without_a_restart() -> None:
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", MOVES, TESTS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "moved\n", done.stderr


@pytest.mark.parametrize("name", [socket.gethostname(), f"{socket.gethostname().partition('.')[0]}.local"])
def test_the_machines_name_is_answered_also_as_others_find_it_in_a_local_network(name: str) -> None:
    everywhere = guard(host="0.0.0.0")
    assert ask(everywhere, "GET", [("host", f"{name}:8000")])[0] == 200
    assert ask(everywhere, "GET", [("host", f"x{name}:8000")])[0] == 421


@pytest.mark.parametrize(("again", "looks"), [(float("inf"), 1), (0.0, 4)])
def test_names_are_looked_up_again_for_an_unknown_host_alone_and_not_for_each(
    monkeypatch: pytest.MonkeyPatch, again: float, looks: int
) -> None:
    monkeypatch.setattr(hosts, "LOOK_AGAIN", again)
    asked = []

    def names() -> list[str]:
        asked.append(1)
        return ["here"]

    known = Hosts(names, 8000, ["app.example"])
    assert known.knows(b"HERE:8000")
    assert known.knows(b"app.example:1")
    assert len(asked) == 1
    assert [known.knows(b"evil.example:8000") for _ in range(3)] == [False] * 3
    assert len(asked) == looks
