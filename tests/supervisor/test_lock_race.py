"""What may come between opening the lock's file and locking it."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from wesktopd.lock import Lock


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
    looks, starts = (Lock(tmp_path / "lock") for _ in range(2))
    assert looks.acquire()
    assert not starts.acquire()
    monkeypatch.setattr("wesktopd.lock.time.sleep", lambda _: looks.release())
    assert starts.acquire(5.0)


def test_a_lock_that_is_held_is_not_waited_for_longer_than_that(tmp_path: Path) -> None:
    holds, starts = (Lock(tmp_path / "lock") for _ in range(2))
    assert holds.acquire()
    assert not starts.acquire(0.02)
