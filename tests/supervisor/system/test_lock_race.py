"""What may come between opening the lock's file and locking it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from wesktopd.system import Lock


@pytest.fixture
def just_before_locking(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done once, after the next lock has opened its file and before it locks it."""
    flock = fcntl.flock

    def arrange(action: Callable[[], object]) -> None:
        def interrupted(fd: int, operation: int) -> None:
            monkeypatch.setattr(fcntl, "flock", flock)
            action()
            flock(fd, operation)

        monkeypatch.setattr(fcntl, "flock", interrupted)

    return arrange


Arrange = Callable[[Callable[[], object]], None]


def test_a_file_that_was_removed_and_made_anew_is_not_locked_twice(
    tmp_path: Path, just_before_locking: Arrange
) -> None:
    holder, rival, late = (Lock(tmp_path / "lock") for _ in range(3))
    assert holder.acquire()

    def change_hands() -> None:
        holder.release()
        assert rival.acquire()

    just_before_locking(change_hands)
    assert not late.acquire()
    rival.release()


def test_a_file_that_was_removed_is_made_anew(tmp_path: Path, just_before_locking: Arrange) -> None:
    holder, late, later = (Lock(tmp_path / "lock") for _ in range(3))
    assert holder.acquire()
    just_before_locking(holder.release)
    assert late.acquire()
    assert (tmp_path / "lock").exists()
    assert not later.acquire()
    late.release()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        Lock(tmp_path / "lock").acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_who_just_looks_whether_it_is_free_does_not_keep_another_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the look takes, as long as it ends."""
    starts = Lock(tmp_path / "lock")
    looker = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(looker, fcntl.LOCK_SH)
    assert not starts.acquire(0.02)
    monkeypatch.setattr("wesktopd.system.posix.lock.time.sleep", lambda _: os.close(looker))
    assert starts.acquire(5.0)


def test_a_look_neither_makes_the_file_nor_takes_the_lock(tmp_path: Path) -> None:
    looks, holds = (Lock(tmp_path / "lock") for _ in range(2))
    assert not looks.is_held()
    assert not (tmp_path / "lock").exists()
    assert holds.acquire()
    assert looks.is_held()
    assert not looks.held
    holds.release()
    assert not looks.is_held()


def test_a_lock_that_is_held_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holds, starts = (Lock(tmp_path / "lock") for _ in range(2))
    assert holds.acquire()
    monkeypatch.setattr("wesktopd.system.posix.lock.time.sleep", lambda _: pytest.fail("it waited"))
    assert not starts.acquire(60)


def test_only_the_file_that_is_locked_is_removed(tmp_path: Path) -> None:
    first, second = (Lock(tmp_path / "lock") for _ in range(2))
    assert first.acquire()
    assert first.is_in_place()
    (tmp_path / "lock").unlink()
    assert not first.is_in_place()
    assert second.acquire()
    first.release()
    assert second.is_in_place()
    second.release()
    assert not (tmp_path / "lock").exists()
