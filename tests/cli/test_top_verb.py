"""`wesktop ctl top`: all apps, once, as JSON, and live in a terminal."""

import json

from support.running import NAME, Start
from support.waiting import wait_for


def test_once_prints_a_frame(start_app: Start) -> None:
    app = start_app("--workers", "2")
    shown = app.ctl("top", "--once")
    assert shown.splitlines()[0].split()[:4] == ["APP", "STATE", "PID", "UPTIME"]
    assert shown.count("worker ") == 2
    assert str(app.status()["pid"]) in shown


def test_json_has_the_documented_fields(start_app: Start) -> None:
    app = start_app()
    found = json.loads(app.ctl("top", "--once", "--json"))
    assert set(found) == {"version", "time", "apps"}
    (shown,) = found["apps"]
    fields = {"pid", "state", "cpu_percent", "rss", "requests"}
    assert set(shown) == {"name", "url", "ready", "wanted", "workers", *fields}
    assert set(shown["workers"][0]) == {"id", *fields}
    assert (shown["name"], shown["state"], shown["ready"]) == (NAME, "ready", 1)


def test_live_it_goes_on_until_q_and_gives_the_terminal_back(start_app: Start) -> None:
    app = start_app()
    with app.terminal("ctl", "top") as terminal:
        wait_for(lambda: b"worker 1" in terminal.seen, "a frame")
        frames = terminal.seen.count(b"worker 1")
        wait_for(lambda: terminal.seen.count(b"worker 1") > frames, "another frame")
        terminal.type(b"xq")
        assert terminal.wait() == 0
        assert terminal.echoes(), "the terminal is as it was"
    assert terminal.seen.index(b"\x1b[?1049h") < terminal.seen.index(b"\x1b[?1049l"), "on a screen of its own"


def test_ctrl_c_ends_it_too(start_app: Start) -> None:
    with start_app().terminal("ctl", "top") as terminal:
        wait_for(lambda: b"worker 1" in terminal.seen, "a frame")
        terminal.type(b"\x03")
        assert terminal.wait() == 130
        assert b"Traceback" not in terminal.seen


def test_without_a_terminal_it_says_what_to_do(start_app: Start) -> None:
    done = start_app().command("ctl", "top")
    assert done.returncode == 2
    assert "top needs a terminal: give --once for one frame, or --json" in done.stderr


def test_without_an_input_it_says_what_to_do(start_app: Start) -> None:
    done = start_app().shell("wesktop ctl top <&-")
    assert done.returncode == 2
    assert done.stderr.startswith("wesktop: top needs a terminal")
