"""`wesktop ctl upgrade`: the supervisor re-executes itself in place, and nobody notices."""

import fcntl
import json
import os
import shutil
import socket
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

import wesktopd
from support.load import load
from support.running import NAME, Running, Start
from support.scripts import Script, free_port
from support.waiting import wait_for


def same_after(app: Running, action: Callable[[], None]) -> None:
    """Process, workers and what is kept in memory are the same as before."""
    before = app.status()
    action()
    after = app.status()
    assert after["pid"] == before["pid"]
    assert [worker["pid"] for worker in after["workers"]] == [worker["pid"] for worker in before["workers"]]
    assert (after["started"], after["generation"]) == (before["started"], before["generation"])


def upgrade(app: Running) -> None:
    """Upgrade it."""
    assert "has taken over" in app.ctl("upgrade", NAME)


def test_under_load_the_process_its_workers_and_its_memory_stay_and_no_request_is_lost(start_app: Start) -> None:
    app = start_app("--workers", "2")
    events = len(app.events())
    with load(app.port) as clients:
        for _ in range(3):
            same_after(app, lambda: upgrade(app))
    assert clients.failures == []
    assert app.events().count("upgraded") == 6
    assert app.events()[:events] == [kind for kind in app.events() if kind != "upgraded"][:events]
    assert "worker-ready" in app.events()
    assert "serving app:app" in app.logs()


def test_what_it_did_before_it_does_afterwards(start_app: Start) -> None:
    app = start_app()
    upgrade(app)
    os.kill(app.get()["pid"], 9)
    wait_for(lambda: app.status()["workers"][0]["restarts"] == 1, "another worker")
    app.write("two")
    with load(app.port) as clients:
        app.ctl("restart", NAME)
        app.ctl("scale", NAME, "2")
    assert clients.failures == []
    assert app.settled(2)["generation"] == 2
    assert app.version() == "two"
    app.ctl("stop", NAME)
    app.nothing_left(2)


def test_a_worker_in_backoff_is_tried_again_by_the_new_one(start_app: Start) -> None:
    app = start_app()
    app.write("two", "raise RuntimeError('no good')")
    os.kill(app.get()["pid"], 9)
    wait_for(lambda: app.workers("backoff"), "the backoff")
    upgrade(app)
    assert "no good" in app.logs()
    app.write("three")
    app.settled()
    assert app.version() == "three"


def test_why_a_restart_has_failed_is_told_until_another_does_not(start_app: Start) -> None:
    app = start_app()
    app.write("two", "raise RuntimeError('no good')")
    assert app.command("ctl", "restart", NAME).returncode == 1
    upgrade(app)
    app.write("three")
    os.kill(app.get()["pid"], 9)
    wait_for(lambda: app.status()["workers"][0]["restarts"] == 1, "another worker")
    assert "no good" in app.settled()["trouble"]
    app.ctl("restart", NAME)
    assert app.status()["trouble"] is None


def test_during_a_restart_it_waits_for_that(start_app: Start) -> None:
    app = start_app()
    app.write("two")
    restart = app.begin_restart()
    taking_over = app.begin("ctl", "upgrade", NAME)
    (app.home / "wait").unlink()
    assert (restart.wait(20), taking_over.wait(20)) == (0, 0)
    assert app.version() == "two"
    app.settled()


def copied_release(home: Path) -> Path:
    """A directory with a release of its own, which a test can spoil."""
    packages = home / "packages"
    shutil.copytree(Path(wesktopd.__file__).parent, packages / "wesktopd")
    return packages


def test_a_release_that_does_not_load_is_refused_and_the_old_one_goes_on(start_app: Start, home: Path) -> None:
    packages = copied_release(home)
    app = start_app(PYTHONPATH=str(packages))
    (packages / "wesktopd" / "daemon.py").write_text("raise ImportError('half of a release')")

    def refused() -> None:
        done = app.command("ctl", "upgrade", NAME)
        assert done.returncode == 1
        assert (
            done.stderr
            == "wesktop: the installed release of wesktop does not load: ImportError: half of a release.\n"
        )

    same_after(app, refused)
    assert app.version() == "one"


def test_a_release_that_cannot_take_over_is_refused(start_app: Start, home: Path) -> None:
    packages = copied_release(home)
    app = start_app(PYTHONPATH=str(packages))
    module = packages / "wesktopd" / "upgrade.py"
    module.write_text(module.read_text().replace("FORMAT = 1", "FORMAT = 1000"))
    done = app.command("ctl", "upgrade", NAME)
    assert done.returncode == 1
    assert "cannot take over" in done.stderr
    assert app.version() == "one"


def test_a_lease_is_kept(start_app: Start) -> None:
    app = start_app()
    with app.attach() as lease:
        assert json.loads(lease.readline())["type"] == "ready"
        upgrade(app)
        assert app.status()["windows"] == 1
        os.kill(app.get()["pid"], 9)
        assert [json.loads(lease.readline())["type"] for _ in range(2)] == ["down", "ready"]
    wait_for(lambda: app.status()["windows"] == 0, "the lease's end")


LONG = json.dumps({"type": "launch", "id": 7, "arguments": ["ä" * 20_000], "directory": "/"}, ensure_ascii=False)


@pytest.mark.parametrize("read", [1, 10, 20_000], ids=["a byte", "some bytes", "half, and half of a letter"])
def test_what_a_window_was_saying_is_heard_to_its_end(start_app: Start, read: int) -> None:
    app = start_app()
    frame = LONG.encode() + b"\n"
    with app.control_connection() as window, window.makefile("rb") as answers:
        window.sendall(b'{"type":"attach","kind":"window"}\n')
        assert json.loads(answers.readline())["type"] == "ready"
        window.sendall(frame[:read])
        wait_for(lambda: not unread(window), "it to be read")
        upgrade(app)
        window.sendall(frame[read:])
        assert [json.loads(answers.readline())["type"] for _ in range(3)] == ["raise", "launched", "done"]


def unread(connection: socket.socket) -> int:
    """Bytes that the other end has not read yet: unix_ioctl() in net/unix/af_unix.c, where it is called SIOCOUTQ."""
    return int.from_bytes(fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def test_a_program_of_the_users_own_is_not_executed_anew(
    start_script: Callable[..., Script], start_app: Start, home: Path
) -> None:
    app = start_app()
    port = free_port()
    served = start_script("mine", f"import wesktop\nwesktop.serve('app:app', port={port}, name='mine')")
    wait_for(lambda: app.command("ctl", "wait", "mine", "--timeout", "0").returncode == 0, "it to be ready")
    done = app.command("ctl", "upgrade", "mine")
    assert done.returncode == 1
    assert "serve() runs inside of your program" in done.stderr
    assert served.process.poll() is None
