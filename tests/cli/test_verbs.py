"""The verbs of `wesktop ctl` on real apps: what they say, as text and as JSON, and their exit codes."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.running import NAME, Running, Start
from support.scripts import free_port
from support.waiting import wait_for

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()


def documented(heading: str) -> set[str]:
    """The fields in the first column of the tables below a heading of the documentation."""
    section = DOCUMENTED.split(f"\n### {heading}\n")[1].split("\n### ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def second(app: Running) -> None:
    """Another app beside it."""
    done = app.command("serve", "app:app", "--name", "other", "--port", str(free_port()), "--detach")
    assert done.returncode == 0, done.stderr


def said(app: Running, code: int, *arguments: str) -> str:
    """The one line on stderr of a verb that ends with this exit code."""
    done = app.command("ctl", *arguments)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("wesktop: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_status_as_json_is_as_documented(start_app: Start) -> None:
    status = json.loads(start_app().ctl("status", NAME, "--json"))
    assert {*status, *status["workers"][0]} - {"version"} == documented("`ctl status --json`")
    assert status["version"] == 1


def test_list_shows_what_runs_and_what_can_be_started(start_app: Start) -> None:
    app = start_app()
    second(app)
    app.ctl("stop", NAME)
    found: dict[str, Any] = json.loads(app.ctl("list", "--json"))
    assert {(entry["name"], entry["running"], entry["state"]) for entry in found["apps"]} == {
        (NAME, False, "stopped"),
        ("other", True, "ready"),
    }
    assert set(found["apps"][0]) == documented("`ctl list --json`")
    lines = app.ctl("list").splitlines()
    assert lines[0].split() == ["NAME", "STATE", "WORKERS", "WINDOWS", "UPTIME", "URL"]
    assert len(lines) == 3


@pytest.mark.long
def test_an_app_that_does_not_answer_hides_no_other(start_app: Start) -> None:
    app = start_app()
    second(app)
    silent = app.status()["pid"]
    os.kill(silent, 19)
    try:
        states = {entry["name"]: entry["state"] for entry in json.loads(app.ctl("list", "--json"))["apps"]}
    finally:
        os.kill(silent, 18)
    assert states == {NAME: "silent", "other": "ready"}


@pytest.mark.parametrize("verb", ["status", "stop", "restart", "logs", "events", "open", "upgrade"])
def test_with_several_apps_one_has_to_be_named(start_app: Start, verb: str) -> None:
    app = start_app()
    second(app)
    assert "several apps are running: name one of app, other" in said(app, 2, verb)


@pytest.mark.parametrize("verb", ["status", "stop", "restart", "open", "events", "upgrade", "logs", "config"])
def test_an_app_that_does_not_run_is_named(start_app: Start, verb: str) -> None:
    assert "'nothing' is not running" in said(start_app(), 3, verb, "nothing")


def test_what_a_verb_did_is_said_in_the_same_form(start_app: Start) -> None:
    app = start_app()
    for verb in (["restart"], ["scale", "2"], ["wait"], ["upgrade"], ["stop"]):
        answer = json.loads(app.ctl(*verb, "--json"))
        assert (answer["version"], answer["name"], answer["done"]) == (1, NAME, True)
        assert isinstance(answer["note"], str)
    answer = json.loads(app.ctl("start", NAME, "--json"))
    assert answer["url"] == app.url


def test_start_takes_an_app_up_again_as_it_was(start_app: Start) -> None:
    app = start_app("--workers", "2", "--drain-timeout", "3")
    app.ctl("stop", NAME)
    assert app.version() is None
    assert app.ctl("start", NAME) == f"{NAME}: running on {app.url}\n"
    assert app.status()["wanted"] == 2
    assert tomllib.loads(app.ctl("config"))["drain_timeout"] == 3
    assert f"{NAME!r} is running already" in said(app, 1, "start", NAME)


def test_start_tells_why_the_app_did_not(start_app: Start) -> None:
    app = start_app()
    app.ctl("stop", NAME)
    app.write("two", "print('a last word')\nraise RuntimeError('no good')")
    done = app.command("ctl", "start", NAME)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "wesktop: module 'app' does not import: RuntimeError: no good"
    assert "  a last word" in done.stderr
    app.nothing_left()
    assert "`wesktop serve TARGET --name nothing` makes one" in said(app, 2, "start", "nothing")


def test_config_is_toml_that_start_understands(start_app: Start, home: Path) -> None:
    app = start_app("--max-rss", "500")
    shown = app.ctl("config")
    stored = (home / "config" / "wesktop" / f"{NAME}.toml").read_text()
    assert tomllib.loads(shown) == tomllib.loads(stored)
    assert json.loads(app.ctl("config", "--json"))["config"] == tomllib.loads(shown)
    app.ctl("stop", NAME)
    assert app.ctl("config", NAME) == shown


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("target = 7", "Expected `str`"),
        ("nonsense", "Expected '=' after a key"),
        ('target = "app:app"\nname = "app"\nworking_dir = "/"\nworkers = 99', "workers must be 1 to 64"),
        ('target = "app:app"\nname = "app"\nworking_dir = "/"\ncolour = 1', "unknown field `colour`"),
        ('target = "app:app"\nname = "else"\nworking_dir = "/"', "is of another app, 'else'"),
    ],
)
def test_a_config_file_that_is_wrong_is_named_with_the_reason(
    start_app: Start, home: Path, config: str, why: str
) -> None:
    app = start_app()
    app.ctl("stop", NAME)
    path = home / "config" / "wesktop" / f"{NAME}.toml"
    path.write_text(config)
    line = said(app, 2, "start", NAME)
    assert str(path) in line
    assert why in line
    assert ("Correct it, or remove it and start the app anew" in line) == ("another app" not in why)


def test_wait_sees_an_app_come_and_go(start_app: Start) -> None:
    app = start_app()
    app.ctl("stop", NAME)
    assert "'app' was not ready within 0.1 seconds" in said(app, 5, "wait", NAME, "--timeout", "0.1")
    assert "not running" in said(app, 3, "wait", NAME, "--timeout", "0")
    waiting = app.begin("ctl", "wait", NAME)
    app.ctl("start", NAME)
    assert waiting.wait(20) == 0
    assert "did not end within 0.1 seconds" in said(app, 5, "wait", NAME, "--stopped", "--timeout", "0.1")


def test_stop_gives_up_after_its_timeout(start_app: Start) -> None:
    app = start_app("--drain-timeout", "20")
    (app.home / "stay").touch()
    assert "did not end within 0.1 seconds" in said(app, 5, "stop", "--timeout", "0.1")
    (app.home / "stay").unlink()
    app.nothing_left()


def test_events_follow_what_happens(start_app: Start) -> None:
    app = start_app()
    with app.following("events", "-f", "--json") as line:
        wait_for(lambda: json.loads(line())["kind"] == "serving", "what has been")
        os.kill(app.get()["pid"], 9)
        crash = wait_for(lambda: next((e for e in [json.loads(line())] if e["kind"] == "worker-crashed"), None), "it")
    assert crash["text"].endswith("ended unasked, killed by SIGKILL; starting another")
    assert crash["generation"] == 1


def test_colour_is_for_terminals(start_app: Start) -> None:
    app = start_app()
    assert "\x1b" not in app.ctl("status")
    assert "\x1b[32mready" in app.on_terminal("ctl", "status")
    assert "\x1b[32m" not in app.on_terminal("ctl", "status", NO_COLOR="1")


def test_a_reader_that_has_enough_is_no_error(start_app: Start) -> None:
    app = start_app()
    for i in range(3):
        app.ctl("scale", NAME, str(1 + i % 2))
    assert app.shell("wesktop ctl events | head -n 1; exit ${PIPESTATUS[0]}").returncode == 0
    assert app.shell("wesktop ctl status | true; exit ${PIPESTATUS[0]}").stderr == ""


def test_no_value_of_the_environment_is_ever_shown_or_stored(start_app: Start, home: Path) -> None:
    app = start_app(APP_TOKEN="swordfish")
    app.ctl("restart")
    shown = [
        app.ctl(*verb) for verb in (["status"], ["status", "--json"], ["list"], ["config"], ["logs"], ["events"])
    ]
    assert not any("swordfish" in text for text in shown)
    files = [path for path in home.rglob("*") if path.is_file() and "cache" not in path.parts]
    assert len(files) >= 4
    assert not [path for path in files if b"swordfish" in path.read_bytes()]
    assert not any("swordfish" in " ".join(process.cmdline()) for process in app.processes())


def test_a_file_that_is_no_apps_socket_hides_nothing(start_app: Start, home: Path) -> None:
    app = start_app()
    (home / "run" / "wesktop" / "a b.sock").touch()
    assert NAME in app.ctl("list")
    assert app.ctl("status").startswith(NAME)


def test_an_app_may_be_called_as_the_library_is(start_app: Start) -> None:
    app = start_app("--name", "wesktop")
    assert app.ctl("stop", "wesktop") == "wesktop: stopped\n"
