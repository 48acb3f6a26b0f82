"""The state file: whose workers are left over, and whose are not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from wesktopd.instance.state import State, StateFile, end, is_alive, stale_workers
from wesktopd.system import Identity, boot_id, identify


@pytest.fixture
def stranger() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def written(home: Path) -> tuple[StateFile, Path]:
    """A state file that names this process as supervisor and as its own worker."""
    file = StateFile(home / "app.state")
    file.write([os.getpid()])
    return file, home / "app.state"


def test_what_is_written_is_read(home: Path) -> None:
    state = written(home)[0].read()
    assert state is not None
    assert state.supervisor == identify(os.getpid())
    assert state.workers == [identify(os.getpid())]


def test_while_its_supervisor_lives_it_has_no_leftovers(home: Path) -> None:
    state = written(home)[0].read()
    assert state is not None
    assert is_alive(state)
    assert stale_workers(state) == []
    supervisor = state.supervisor
    assert supervisor is not None
    dead = msgspec.structs.replace(state, supervisor=Identity(supervisor.pid, supervisor.began - 1))
    assert not is_alive(dead)
    assert stale_workers(dead) == state.workers


def test_a_file_that_has_got_the_number_of_its_own_is_another_ones(home: Path) -> None:
    """A file system gives the number of a file that was removed to the next one."""
    file, path = written(home)
    os.utime(path, ns=(1, 1))
    assert not file.is_in_place()


def test_only_the_file_that_it_has_written_is_removed(home: Path) -> None:
    file, path = written(home)
    assert file.is_in_place()
    other, _ = written(home)
    assert not file.is_in_place()
    file.remove()
    assert path.exists()
    other.remove()
    assert not path.exists()


def test_a_file_that_was_cut_short_anywhere_says_nothing(home: Path) -> None:
    file, path = written(home)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert file.read() is None, whole[:length]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff\xfe", b'{"boot": 1}', b'{"workers": []}'])
def test_what_is_no_state_says_nothing(home: Path, content: bytes) -> None:
    file, path = written(home)
    path.write_bytes(content)
    assert file.read() is None


def test_a_state_of_another_boot_says_nothing(home: Path) -> None:
    file, path = written(home)
    state = msgspec.json.decode(path.read_bytes(), type=State)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(state, boot="another")))
    assert file.read() is None


def test_no_file_says_nothing(home: Path) -> None:
    file, _ = written(home)
    file.remove()
    file.remove()
    assert file.read() is None
    assert stale_workers(None) == []


def test_a_process_that_got_the_pid_of_a_worker_is_neither_a_leftover_nor_ended(
    stranger: "subprocess.Popen[bytes]",
) -> None:
    now = identify(stranger.pid)
    assert now is not None
    before = Identity(now.pid, now.began - 1)
    assert stale_workers(State(boot=boot_id(), supervisor=None, workers=[before, now])) == [now]
    end([before], 0)
    assert stranger.poll() is None
    end([now], 0)
    assert stranger.wait(20) == -9


def test_one_that_has_ended_and_was_not_reaped_is_no_leftover(stranger: "subprocess.Popen[bytes]") -> None:
    now = identify(stranger.pid)
    assert now is not None
    end([now], 0)
    os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
    assert stale_workers(State(boot=boot_id(), supervisor=None, workers=[now])) == []
