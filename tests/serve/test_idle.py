"""`idle_timeout=`: a server that nobody uses ends by itself."""

from support.running import NAME, Start
from support.scripts import free_port
from support.waiting import wait_for


def test_without_a_window_or_a_request_it_ends_and_leaves_nothing(start_app: Start) -> None:
    app = start_app("--idle-timeout", "0.5")
    app.nothing_left()
    assert "nobody has used it for 0.5 seconds" in app.logs()


def test_it_goes_on_while_a_request_is_open_and_ends_afterwards(start_app: Start) -> None:
    app = start_app("--idle-timeout", "0.5")
    with app.begin_request("/stream") as stream:
        with stream.makefile("rb") as reader:
            for _ in range(300):  # a beat every 20 ms, of three lines
                assert reader.readline()
        assert app.status()["workers"][0]["requests"] == 1
    app.nothing_left()


def test_it_goes_on_while_a_window_is_attached(start_app: Start) -> None:
    app = start_app("--idle-timeout", "0.5")
    with app.attach() as lease:
        assert lease.readline()
        command = ("serve", "app:app", "--name", "other", "--port", str(free_port()), "--detach")
        assert app.command(*command, "--idle-timeout", "0.5").returncode == 0
        app.ctl("wait", "other", "--stopped")  # which began later, and had nobody
        assert app.status()["windows"] == 1
    app.nothing_left()


def test_requests_put_it_off(start_app: Start) -> None:
    app = start_app("--idle-timeout", "1")
    for _ in range(3):
        assert app.get("/slow")["version"] == "one"  # takes a second each
    assert app.command("ctl", "status", NAME).returncode == 0
    app.nothing_left()


def test_without_a_timeout_it_never_does(start_app: Start) -> None:
    assert start_app().status()["idle_timeout"] is None


def test_a_restart_is_no_end(start_app: Start) -> None:
    app = start_app("--idle-timeout", "1")
    app.ctl("restart")
    assert wait_for(app.version, "an answer") == "one"
    app.nothing_left()
