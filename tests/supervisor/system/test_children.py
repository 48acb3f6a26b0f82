"""A process of ours and its channel, each with a real child."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.scripts import write_script
from wesktopd.system import ChildProcess, read_line, start_child

Start = Callable[[str], ChildProcess]
TIMEOUT = 20.0
CHANNEL = """
import sys
from wesktopd.system import inherit_channel, read_line

channel = inherit_channel(int(sys.argv[1]))
main = lambda fd: 0  # what it does, it does while it is imported
"""


def environment(directory: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(directory)}


@pytest.fixture
def start_probe(tmp_path: Path) -> Iterator[Start]:
    """Start a module that has the given source after the opening of its channel."""
    started: list[ChildProcess] = []

    def start_it(source: str) -> ChildProcess:
        write_script(tmp_path, "probe", CHANNEL + source)
        child = start_child("probe", env=environment(tmp_path))
        child.channel.settimeout(TIMEOUT)
        started.append(child)
        return child

    yield start_it
    for child in started:
        with child:
            pass


def test_a_child_is_raised_what_to_do_and_answers(tmp_path: Path) -> None:
    write_script(tmp_path, "probe", CHANNEL + "channel.sendall(read_line(channel).upper())")
    with start_child("probe", env=environment(tmp_path)) as child:
        child.channel.settimeout(TIMEOUT)
        child.send(b"walk the dog\n")
        assert read_line(child.channel) == b"WALK THE DOG\n"


@pytest.mark.parametrize(
    ("sent", "lines"),
    [
        (b"one\ntwo\nrest", [b"one\n", b"two\n", b"rest", b""]),
        (b"\n\n", [b"\n", b"\n", b""]),
        (b"", [b"", b""]),
    ],
)
def test_a_line_is_read_and_not_a_byte_further(sent: bytes, lines: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(sent)
        assert [read_line(ours) for _ in lines] == lines


def test_a_child_that_is_gone_can_be_told_without_an_error(start_probe: Start) -> None:
    child = start_probe("")
    assert child.process.wait(TIMEOUT) == 0
    child.send(b"walk the dog\n")
    assert child.channel.recv(1) == b""


def test_a_child_learns_of_the_end_of_who_started_it(start_probe: Start) -> None:
    child = start_probe("sys.exit(7 if channel.recv(1) == b'' else 8)")
    child.channel.close()
    assert child.process.wait(TIMEOUT) == 7


def test_what_a_child_starts_does_not_hide_the_childs_end(start_probe: Start) -> None:
    child = start_probe(
        "import subprocess\n"
        "sleeper = subprocess.Popen(['sleep', '60'], close_fds=False)\n"
        "channel.sendall(b'%d\\n' % sleeper.pid)\n"
        "import os; os._exit(0)\n"
    )
    sleeper = int(read_line(child.channel))
    try:
        assert child.channel.recv(1) == b""
        os.kill(sleeper, 0)  # it lives, and yet the end was seen
    finally:
        os.kill(sleeper, signal.SIGKILL)


def test_a_child_has_a_session_of_its_own(start_probe: Start) -> None:
    child = start_probe("channel.recv(1)")
    assert os.getsid(child.process.pid) == child.process.pid


def test_a_child_is_gone_when_the_context_ends(start_probe: Start) -> None:
    with start_probe("import time\nchannel.sendall(b'up\\n')\ntime.sleep(60)") as child:
        assert read_line(child.channel) == b"up\n"
    assert child.process.returncode == -signal.SIGKILL
    assert child.channel.fileno() == -1


def test_a_child_that_has_ended_keeps_its_exit_code(start_probe: Start) -> None:
    with start_probe("sys.exit(7)") as child:
        child.process.wait(TIMEOUT)
    assert child.process.returncode == 7


def test_no_module_is_found_in_the_working_directory(tmp_path: Path) -> None:
    write_script(tmp_path, "stray", "")
    with start_child("stray", cwd=tmp_path, stderr=subprocess.PIPE) as child:
        _, errors = child.process.communicate(timeout=TIMEOUT)
    assert child.process.returncode == 1
    assert b"No module named 'stray'" in errors


FILLED = """
import subprocess, sys
from wesktopd.system import fill_standard_descriptors

SHOW = "import os, sys; sys.exit(sum(os.path.exists(f'/proc/self/fd/{fd}') << fd for fd in range(3)))"
fill_standard_descriptors()
sys.exit(subprocess.run([sys.executable, "-c", SHOW]).returncode)
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ""])
def test_what_is_put_where_a_standard_descriptor_is_closed_is_there_in_children_too(closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, FILLED], check=False, timeout=TIMEOUT
    )
    assert done.returncode == 0b111, f"of stdin, stdout and stderr it has {done.returncode:03b}, from the right"


def test_a_process_that_cannot_be_started_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        start_child("probe", cwd=tmp_path / "missing")
