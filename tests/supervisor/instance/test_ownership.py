"""What makes a process the one server of a name: lock, PID file, private directories."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.users import needs_root
from wesktopd import paths
from wesktopd.errors import ConfigurationError, PidFileError
from wesktopd.instance.pidfile import PidFile
from wesktopd.system import Lock

HOLD = """
import sys, time
from pathlib import Path
from wesktopd.system.posix.lock import Lock
print(Lock(Path(sys.argv[1])).acquire(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock `tmp_path / "lock"`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_lock_is_held_by_one_process_and_freed_by_its_death(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    lock = Lock(tmp_path / "lock")
    assert not lock.acquire()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert lock.acquire()
    lock.release()
    assert not (tmp_path / "lock").exists()


def test_a_lock_is_not_taken_on_a_file_that_its_holder_removed(tmp_path: Path) -> None:
    """Somebody may open the file just before it is removed: what they then lock must not count."""
    first, second, third = (Lock(tmp_path / "lock") for _ in range(3))
    assert first.acquire()
    first.release()
    assert second.acquire()
    assert not third.acquire()
    second.release()


def test_releasing_what_is_not_held_leaves_the_holders_file(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    assert not lock.acquire()
    lock.release()
    assert (tmp_path / "lock").exists()
    assert holder.poll() is None


def test_a_pid_file_is_written_and_removed(tmp_path: Path) -> None:
    file = PidFile(tmp_path / "pid")
    file.claim()
    assert (tmp_path / "pid").read_text() == f"{os.getpid()}\n"
    file.release()
    assert list(tmp_path.iterdir()) == []


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("content", ["", "\n", "dead"], ids=["cut short", "blank", "of a dead process"])
def test_a_stale_pid_file_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pid"
    path.write_text(f"{dead_pid()}\n" if content == "dead" else content)
    PidFile(path).claim()
    assert path.read_text() == f"{os.getpid()}\n"


def test_a_pid_that_has_gone_to_another_process_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text(f"{os.getppid()}\n")
    os.utime(path, (1e9, 1e9))  # written long before that process began
    PidFile(path).claim()
    assert path.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{os.getppid()}\n", f"(pid {os.getppid()}), which is running: stop it"),
        ("hello", "'hello'"),
        ("-5", "'-5'"),
        ("99999999999999999999", "not a PID"),
        ("1 2", "not a PID"),
        ("\x00\x01", "not a PID"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "pid"
    path.write_text(content)
    with pytest.raises(PidFileError) as raised:
        PidFile(path).claim()
    assert said in raised.value.message
    assert path.read_text() == content


@pytest.mark.parametrize("where", ["missing/pid", "file/pid", "directory"])
def test_a_place_that_cannot_be_written_is_refused_and_nothing_is_left(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PidFileError, match="PID file"):
        PidFile(tmp_path / where).claim()
    assert sorted(tmp_path.rglob("*")) == before


def test_only_our_own_pid_file_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text("1\n")
    PidFile(path).release()
    assert path.exists()
    PidFile(path).release(1)
    assert not path.exists()


def test_the_runtime_directory_is_private(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    (home / "wesktop").mkdir(mode=0o755)
    assert paths.runtime_dir() == home / "wesktop"
    assert (home / "wesktop").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "trouble",
    ["too long", "a link", "a file", pytest.param("somebody else's", marks=needs_root), "cannot be made"],
)
def test_another_runtime_directory_is_taken_where_the_first_cannot_be_used(
    home: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    first = home / ("x" * 90 if trouble == "too long" else "first")
    first.mkdir()
    if trouble == "a link":
        (home / "target").mkdir(mode=0o700)
        (first / "wesktop").symlink_to(home / "target")
    elif trouble == "a file":
        (first / "wesktop").touch()
    elif trouble == "somebody else's":
        (first / "wesktop").mkdir()
        os.chown(first / "wesktop", 12345, -1)
    elif trouble == "cannot be made":
        first.rmdir()
        first.touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(first))
    monkeypatch.setenv("TMPDIR", str(home))
    assert paths.runtime_dir() == home / f"wesktop-{os.getuid()}"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_no_name_leads_out_of_the_directories(name: str) -> None:
    with pytest.raises(ConfigurationError):
        paths.AppPaths(name)
