"""Whom the sentence about a port in use names: an app by its state file, else the process."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from wesktopd.instance.port_owner import in_use_by
from wesktopd.instance.state import StateFile
from wesktopd.paths import AppPaths


@pytest.fixture
def taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port that this process listens on, as no app yet. `home`: the runtime directory is below it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def app_with(state: bytes | None) -> None:
    """Files of the app `demo`: its socket, and its state, by default of this process's."""
    paths = AppPaths("demo")
    paths.socket.touch()
    StateFile(paths.state).write([os.getpid()])
    if state is not None:
        paths.state.write_bytes(state)


def test_an_app_is_named_with_what_ends_it(taken: int) -> None:
    app_with(None)
    said = in_use_by(taken)
    assert "'demo'" in said
    assert "`wesktop ctl stop demo`" in said


OTHER = b'{"boot": "%s", "supervisor": {"pid": %d, "began": 1.0}, "workers": []}'


@pytest.mark.parametrize("state", [b"", b"nonsense", b"[" * 60_000, OTHER], ids=["empty", "bad", "deep", "gone"])
def test_a_state_file_that_names_no_such_process_is_passed_over(taken: int, state: bytes) -> None:
    if state is OTHER:  # of a process that has had this PID before
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
        state = OTHER % (boot, os.getpid())
    app_with(state)
    said = in_use_by(taken)
    assert f"(pid {os.getpid()}): stop it, or give another port" in said


def test_a_state_that_keeps_its_readers_waiting_is_not_waited_for(taken: int) -> None:
    app_with(None)
    AppPaths("demo").state.unlink()
    os.mkfifo(AppPaths("demo").state)
    assert "stop it" in in_use_by(taken)


def test_without_a_runtime_directory_the_process_is_named(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    app_with(None)
    monkeypatch.setattr("wesktopd.paths.runtime_candidates", list)
    assert "stop it" in in_use_by(taken)
