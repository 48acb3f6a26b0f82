"""`wesktop ctl restart`: new code, and not one request lost; code that does not start changes nothing."""

import contextlib
import socket
from collections.abc import Iterator

import psutil
import pytest

from support.load import load
from support.running import NAME, Running, Start
from support.waiting import wait_for


def test_a_restart_under_load_serves_new_code_and_loses_nothing(start_app: Start) -> None:
    app = start_app("--workers", "2")
    with load(app.port) as clients:
        for version in ("two", "three", "four"):
            app.write(version)
            assert "serves" in app.ctl("restart", NAME)
            seen = len(clients.answers)
            wait_for(lambda: len(clients.answers) > seen + 50, "more answers")  # noqa: B023
    assert clients.failures == []
    assert clients.values("version") == ["one", "two", "three", "four"]
    assert clients.answers[-1]["version"] == "four"


def test_the_old_code_answers_until_the_new_is_ready(start_app: Start) -> None:
    app = start_app()
    app.write("two")
    with load(app.port) as clients:
        restart = app.begin_restart()
        seen = len(clients.answers)
        wait_for(lambda: len(clients.answers) > seen + 50, "answers meanwhile")
        assert clients.values("version") == ["one"]
        assert app.status()["restarting"] is True
        (app.home / "wait").unlink()
        assert restart.wait(20) == 0
        wait_for(lambda: "two" in clients.values("version"), "the new code")
    assert clients.failures == []


BROKEN = [
    ("raise RuntimeError('no good')", "RuntimeError: no good"),
    ("def broken(", "SyntaxError"),
    ("print('dying'); os._exit(9)", "exit code 9"),
    ("async def lifespan(app): raise RuntimeError('no life')", "lifespan"),
]


@pytest.mark.parametrize(("more", "said"), BROKEN)
def test_code_that_does_not_start_is_refused_with_the_reason_and_the_old_goes_on(
    start_app: Start, more: str, said: str
) -> None:
    app = start_app()
    before = app.get()
    app.write("two", more)
    with load(app.port) as clients:
        refused = app.command("ctl", "restart", NAME)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.startswith("wesktop: ")
    assert clients.failures == []
    after = app.get()
    assert (after["pid"], after["version"]) == (before["pid"], "one")
    assert after["served"] > before["served"]
    assert said in app.status()["trouble"]
    app.write("three")
    app.ctl("restart", NAME)
    assert app.version() == "three"
    assert app.status()["trouble"] is None


def test_the_refusal_shows_the_end_of_the_log(start_app: Start) -> None:
    app = start_app()
    app.write("two", "print('a line of the app')\nraise SystemExit(3)")
    refused = app.command("ctl", "restart", NAME)
    assert "a line of the app" in refused.stderr


@pytest.mark.parametrize("obstacle", ["wait", "block import"])
def test_code_that_takes_too_long_to_start_is_refused(start_app: Start, obstacle: str) -> None:
    app = start_app()
    app.ctl("stop", NAME)
    serve = ("serve", "app:app", "--port", str(app.port), "--detach", "--start-timeout")
    # As the load allows: the old code has to start in it, too.
    timeout = next(each for each in ("2", "8", "32") if app.command(*serve, each).returncode == 0)
    (app.home / obstacle).touch()
    with load(app.port) as clients:
        refused = app.command("ctl", "restart", NAME)
    assert refused.returncode == 1
    assert f"was not ready after {timeout} seconds" in refused.stderr
    assert clients.failures == []
    assert app.settled()["generation"] == 1


def test_of_two_restarts_at_once_the_later_one_serves_and_both_are_answered(start_app: Start) -> None:
    app = start_app()
    app.write("two")
    first = app.begin_restart()
    app.write("three")
    second = app.begin("ctl", "restart", NAME)
    wait_for(lambda: app.events().count("restarting") == 2, "the second restart")
    (app.home / "wait").unlink()
    assert (first.wait(20), second.wait(20)) == (0, 0)
    assert app.version() == "three"
    assert app.settled()["generation"] == 3


@pytest.mark.long
def test_a_start_that_takes_six_seconds_loses_nothing_either(start_app: Start) -> None:
    app = start_app()
    app.write("two", "time.sleep(6)")
    with load(app.port) as clients:
        app.ctl("restart", NAME)
        wait_for(lambda: "two" in clients.values("version"), "the new code")
    assert clients.failures == []
    assert clients.counts("version")["one"] > 200


def test_a_request_that_is_being_answered_is_answered_to_its_end(start_app: Start) -> None:
    app = start_app()
    with load(app.port, "/slow", clients=8) as clients:
        app.write("two")
        app.ctl("restart", NAME)
        wait_for(lambda: "two" in clients.values("version"), "the new code")
    assert clients.failures == []


def test_a_connection_that_was_accepted_before_is_answered_however_late_it_asks(start_app: Start) -> None:
    app = start_app("--drain-timeout", "600")
    with app.begin_request("/stream") as stream, accepted_by_the_worker(app) as (silent, worker):
        app.write("two")
        app.ctl("restart", NAME)
        reader = stream.makefile("rb")
        wait_for(lambda: reader.readline() == b"0\r\n", "the last chunk of the stream, which is told all the same")
        assert app.version() == "two"
        silent.sendall(f"GET / HTTP/1.1\r\nhost: 127.0.0.1:{app.port}\r\n\r\n".encode())
        assert b'"version":"one"' in silent.recv(10_000)
        wait_for(lambda: not psutil.pid_exists(worker), "the old worker's end")


def test_neither_an_idle_connection_nor_a_stream_keeps_the_old_worker(start_app: Start) -> None:
    app = start_app("--drain-timeout", "600")
    with app.begin_request("/") as idle, app.begin_request("/stream") as stream:
        assert b'"version":"one"' in idle.recv(10_000)
        assert stream.recv(1)
        worker = app.settled()["workers"][0]["pid"]
        app.ctl("restart", NAME)
        wait_for(lambda: not psutil.pid_exists(worker), "the old worker's end")


@contextlib.contextmanager
def accepted_by_the_worker(app: Running) -> Iterator[tuple[socket.socket, int]]:
    """A connection that says nothing, and the worker that has accepted it."""
    worker = app.settled()["workers"][0]["pid"]
    with socket.create_connection(("127.0.0.1", app.port), 20) as silent:
        ours = silent.getsockname()
        wait_for(lambda: ours in [each.raddr for each in psutil.Process(worker).net_connections()], "the accept")
        yield silent, worker


def test_who_asks_after_a_restart_is_answered_by_the_new_code(start_app: Start) -> None:
    app = start_app("--workers", "2")
    for version in ("two", "three", "four"):
        app.write(version)
        app.ctl("restart", NAME)
        assert {app.version() for _ in range(20)} == {version}


def test_a_restart_does_not_wait_for_what_is_being_answered(start_app: Start) -> None:
    app = start_app()
    with app.begin_request("/stream"):
        app.write("two")
        restart = app.begin("ctl", "restart", NAME)
        assert restart.wait(20) == 0
        assert app.version() == "two"


@pytest.mark.parametrize("text", ["bad \\udcff name", "x" * 70_000])
def test_whatever_the_reason_is_made_of_everybody_can_read_it(start_app: Start, text: str) -> None:
    app = start_app()
    app.write("two", f"raise ValueError('{text}')")
    refused = app.command("ctl", "restart", NAME)
    assert refused.returncode == 1
    assert "ValueError" in refused.stderr
    assert app.status()["trouble"]
    assert "restart-failed" in app.events()
    assert "ValueError" in app.logs()


def test_one_that_is_not_waited_for_goes_on(start_app: Start) -> None:
    app = start_app()
    app.write("two")
    assert app.command("ctl", "restart", NAME, "--timeout", "0").returncode == 5
    wait_for(lambda: app.version() == "two", "the new code")


def test_one_that_fails_does_not_fail_a_scale_that_is_under_way(start_app: Start) -> None:
    app = start_app()
    (app.home / "starting").unlink()
    (app.home / "wait").touch()
    scale = app.begin("ctl", "scale", NAME, "2")
    wait_for((app.home / "starting").exists, "the second worker's lifespan")
    app.write("two", "raise RuntimeError('no good')")
    assert app.command("ctl", "restart", NAME).returncode == 1
    (app.home / "wait").unlink()
    assert scale.wait(20) == 0
    app.settled(2)
