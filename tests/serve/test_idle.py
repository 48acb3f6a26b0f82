"""`idle_timeout=`: a server that nobody uses ends by itself."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from support.running import NAME, Running, Start
from support.scripts import free_port
from support.waiting import wait_for


@contextlib.contextmanager
def attended(home: Path, timeout: str, name: str = NAME, more: str = "") -> Iterator[Running]:
    """An app that a lease keeps in use, from before it is ready: so it cannot end before the context does."""
    app = Running(home, free_port())
    app.write("one", more)
    (home / "wait").touch()
    options = ("--name", name, "--port", str(app.port), "--idle-timeout", timeout)
    starting = app.begin("serve", "app:app", *options, "--detach")
    wait_for(lambda: app.command("ctl", "status", name).returncode == 0, "the supervisor")
    with app.attach(name) as lease:
        assert lease.readline()
        (home / "wait").unlink()
        assert starting.wait(20) == 0
        yield app


def test_without_a_window_or_a_request_it_ends_and_leaves_nothing(start_app: Start) -> None:
    app = start_app("--idle-timeout", "0.5")
    app.nothing_left()
    assert "unused for 0.5 seconds" in app.logs()


def test_it_goes_on_while_a_request_is_open_and_ends_afterwards(home: Path) -> None:
    with attended(home, "0.5") as app:
        stream = app.begin_request("/stream")
        with stream.makefile("rb") as reader:
            assert reader.readline()
    with stream, stream.makefile("rb") as reader:
        for _ in range(300):  # a beat every 20 ms, of three lines
            assert reader.readline()
        assert app.status()["workers"][0]["requests"] == 1
    app.nothing_left()


def test_it_goes_on_while_a_window_is_attached(home: Path) -> None:
    with attended(home, "0.5") as app:
        with attended(home, "0.5", "other"):
            pass
        app.ctl("wait", "other", "--stopped")  # which was used later, and has ended
        assert app.status()["windows"] == 1
    app.nothing_left()


def test_a_request_puts_it_off(home: Path) -> None:
    ended = "import atexit; atexit.register(Path('ended').touch)"
    with attended(home, "1", more=ended) as app:
        slow = app.begin_request("/slow")  # takes a second, at whose beginning it touches a file
        wait_for((home / "slow").exists, "the request")
    with slow:
        assert slow.recv(4096)
    app.nothing_left()
    assert (home / "ended").stat().st_mtime - (home / "slow").stat().st_mtime > 1.99


def test_without_a_timeout_it_never_does(start_app: Start) -> None:
    assert start_app().status()["idle_timeout"] is None


def test_a_restart_is_no_end_and_no_idleness(home: Path) -> None:
    with attended(home, "0.5", "other") as other, attended(home, "0.5") as app:
        restart = app.begin_restart()
    other.ctl("wait", "other", "--stopped")  # which was used later, and has ended
    assert app.status()["restarting"] is True
    (home / "wait").unlink()
    assert restart.wait(20) == 0
    app.nothing_left()
