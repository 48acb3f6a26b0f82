"""What a service manager passes: descriptors from 3 up, and a few variables."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wesktopd.system import service_manager

# Puts the descriptors named in its arguments to 3 and on, and says what is found.
CHILD = """
import fcntl, json, os, sys
first = [int(argument) for argument in sys.argv[2:]]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 50) for fd in first]
os.closerange(3, 50)
for number, fd in enumerate(high, 3):
    os.dup2(fd, number)
given = json.loads(sys.argv[1])
os.environ.update({name: value.replace("PID", str(os.getpid())) for name, value in given.items()})
from wesktopd.system.posix.service_manager import passed_sockets
found = passed_sockets()
print(json.dumps({
    "found": [[name, sock.fileno()] for name, sock in found],
    "inheritable": any(sock.get_inheritable() for _, sock in found),
    "again": len(passed_sockets()),
    "left": [name for name in os.environ if name.startswith("LISTEN_")],
}))
"""


def found_by_child(environment: dict[str, str], sockets: int) -> dict[str, Any]:
    """What a process finds that was given so many sockets, and behind them a descriptor that is none."""
    made = [socket.socket() for _ in range(sockets)]
    null = os.open(os.devnull, os.O_RDWR)
    descriptors = [*(sock.fileno() for sock in made), null]
    try:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, json.dumps(environment), *map(str, descriptors)],
            pass_fds=descriptors, capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    finally:
        os.close(null)
        for sock in made:
            sock.close()
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("environment", "sockets", "found"),
    [
        ({}, 1, []),
        ({"LISTEN_PID": "PID"}, 1, []),
        ({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, 1, []),
        ({"LISTEN_PID": "", "LISTEN_FDS": "1"}, 1, []),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "-1"}, 1, []),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "one"}, 1, []),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "0"}, 1, []),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "1"}, 1, [["", 3]]),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "wesktop"}, 1, [["wesktop", 3]]),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}, 2, [["a", 3], ["b", 4]]),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:a"}, 2, [["a", 3], ["a", 4]]),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a"}, 2, [["a", 3], ["", 4]]),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b"}, 2, [["a", 3]]),
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "2"}, 1, [["", 3]]),  # the second is no socket
        ({"LISTEN_PID": "PID", "LISTEN_FDS": "99999999999"}, 1, [["", 3]]),  # fewer than announced
    ],
)
def test_sockets_are_taken_once_and_by_whom_they_are_for(
    environment: dict[str, str], sockets: int, found: list[list[Any]]
) -> None:
    assert found_by_child(environment, sockets) == {"found": found, "inheritable": False, "again": 0, "left": []}


@pytest.mark.parametrize(
    ("usec", "pid", "interval"),
    [
        (None, None, None),
        ("30000000", None, 15.0),
        ("30000000", "PID", 15.0),
        ("30000000", "1", None),
        ("0", "PID", None),
        ("soon", "PID", None),
        ("-5", "PID", None),
        (None, "PID", None),
    ],
)
def test_the_watchdog_is_shown_life_twice_in_its_time(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, interval: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value.replace("PID", str(os.getpid())))
    assert service_manager.watchdog_interval() == interval


@pytest.fixture
def manager(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that a service manager hears by."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(home / "notify"))
        heard.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(home / "notify"))
        yield heard


def test_a_reload_has_its_time_and_ends_with_ready(manager: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert service_manager.reloading("Generation 2 is coming.")
    reload, moment, status = manager.recv(4096).decode().split("\n")
    assert (reload, status) == ("RELOADING=1", "STATUS=Generation 2 is coming.")
    name, _, usec = moment.partition("=")
    assert name == "MONOTONIC_USEC"  # by which Type=notify-reload tells it from an earlier one
    assert before <= int(usec) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert service_manager.ready("Serving.")
    assert manager.recv(4096) == b"READY=1\nSTATUS=Serving."


def test_a_process_that_is_to_be_the_service_knows_how_often_it_will_show_life_and_says_nothing(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "4000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getppid()))
    later = service_manager.ServiceManager()
    assert service_manager.watchdog_interval() == 2
    assert not service_manager.notify("WATCHDOG=1")
    later.resume()
    assert service_manager.notify("WATCHDOG=1")
    assert manager.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize("words", ["a\nMAINPID=1", "a\rMAINPID=1", "a\u2028MAINPID=1", "a\udc80"])
def test_others_words_make_no_line_of_their_own(manager: socket.socket, words: str) -> None:
    assert service_manager.notify("READY=1", f"STATUS={words}")
    ready, status = manager.recv(4096).decode().split("\n")
    assert (ready, status[:8]) == ("READY=1", "STATUS=a")


def test_no_process_that_is_started_is_taken_for_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in service_manager.OURS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("KEPT", "1")
    assert {"KEPT", *service_manager.OURS} & service_manager.environment().keys() == {"KEPT"}
