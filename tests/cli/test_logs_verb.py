"""`wesktop ctl logs`: what an app has printed, wherever it is kept."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.running import NAME, Running, Start
from support.scripts import get
from support.waiting import wait_for

PRINTING = """
import logging
print("from print")
print("from stderr", file=sys.stderr)
logging.getLogger("shop").warning("from logging")
os.write(1, b"from the descriptor\\n")
"""


def texts(app: Running, *options: str) -> list[str]:
    """The texts of the lines."""
    return [json.loads(line)["text"] for line in app.ctl("logs", NAME, *options, "--json").splitlines()]


def flood_of(app: Running, path: Path) -> None:
    """Wait until the worker has written all that it wanted to."""
    wait_for(path.exists, f"the end of the flood; {app.version()}")


def test_all_that_is_printed_comes_with_time_process_and_stream(start_app: Start) -> None:
    app = start_app(more=PRINTING)
    lines = {line["text"]: line for line in map(json.loads, app.ctl("logs", "--json").splitlines())}
    worker, supervisor = app.get()["pid"], app.status()["pid"]
    for text, stream in [("from print", "stdout"), ("from stderr", "stderr"), ("from logging", "stderr"),
                         ("from the descriptor", "stdout")]:  # fmt: skip
        assert (lines[text]["pid"], lines[text]["stream"]) == (worker, stream)
    own = lines[f"serving app:app on {app.url}"]
    assert (own["pid"], own["stream"]) == (supervisor, "wesktopd")
    assert set(own) == {"version", "time", "pid", "stream", "text"}


def test_an_app_that_has_ended_is_read_from_its_file(start_app: Start) -> None:
    app = start_app(more=PRINTING)
    running = texts(app)
    app.ctl("stop")
    stored = texts(app)
    assert stored[: len(running)] == running
    assert any(text.startswith("stopping") for text in stored)


def test_lines_are_chosen_by_number_and_by_time(start_app: Start) -> None:
    app = start_app(more="for i in range(200): print(i)")
    assert len(texts(app)) == 50
    assert len(texts(app, "-n", "120")) == 120
    assert texts(app, "-n", "0") == []
    assert "199" in texts(app, "--since", "10m")
    assert texts(app, "--since", "2199-01-01") == []
    done = app.command("ctl", "logs", "--since", "yesterday")
    assert done.returncode == 2
    assert "'yesterday'" in done.stderr


def test_what_memory_no_longer_has_comes_from_the_file_once_and_in_order(start_app: Start) -> None:
    app = start_app(more="for i in range(3000): print('line', i)")
    wait_for(lambda: "line 2999" in texts(app), "the last line")
    numbered = [text for text in texts(app, "-n", "5000") if text.startswith("line ")]
    assert numbered == [f"line {i}" for i in range(3000)]


def test_following_goes_on_through_a_restart_to_the_end(start_app: Start) -> None:
    app = start_app(more="print('first code')")
    with app.following("logs", "-f") as line:
        wait_for(lambda: "first code" in line(), "what has been printed")
        app.write("two", "print('second code')")
        app.ctl("restart")
        wait_for(lambda: "second code" in line(), "what is printed now")
        app.ctl("stop")
        wait_for(lambda: "stopping" in line(), "the end")


def test_control_characters_are_made_visible(start_app: Start) -> None:
    app = start_app(more=r"print('\x1b]0;title\x07 \x1b[2J \x1b[31mred')")
    shown = app.on_terminal("ctl", "logs")
    assert r"\x1b]0;title\x07 \x1b[2J " in shown
    assert "\x1b[31mred" in shown


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_file_holds_the_lines(start_app: Start, home: Path, log_format: str) -> None:
    app = start_app("--log-format", log_format, more=PRINTING)
    path = home / "state" / "wesktop" / "log" / f"{NAME}.log"
    assert app.status()["log_file"] == str(path)
    wait_for(lambda: "from the descriptor" in path.read_text(), "the lines")
    if log_format == "json":
        assert all(
            set(json.loads(line)) == {"time", "pid", "stream", "text"} for line in path.read_text().splitlines()
        )


def test_there_is_no_file_where_none_is_wanted(start_app: Start, home: Path) -> None:
    app = start_app("--log-format", "off", more=PRINTING)
    assert app.status()["log_file"] is None
    assert "from print" in texts(app)
    assert not (home / "state" / "wesktop" / "log").exists()
    app.ctl("stop")
    assert app.command("ctl", "logs", NAME).returncode == 3


@pytest.mark.parametrize(("options", "logged"), [(("--access-log",), True), ((), False)])
def test_requests_are_logged_where_that_is_asked_for(
    start_app: Start, options: tuple[str, ...], logged: bool
) -> None:
    app = start_app(*options)
    get(f"{app.url}/?marked")
    if logged:
        wait_for(lambda: any("GET /" in text for text in texts(app)), "the request")
    app.ctl("restart")
    app.ctl("stop")
    stored = texts(app, "-n", "1000")
    assert any("GET /" in text for text in stored) is logged
    assert [
        text for text in stored if "granian" in text.lower() or "worker-1" in text or "experimental" in text
    ] == []


def test_a_flood_holds_up_neither_the_app_nor_the_supervisor(start_app: Start, home: Path) -> None:
    flood = "for i in range(50): os.write(1, (b'x' * 99 + b'\\n') * 10_000)\nPath('flooded').touch()"
    app = start_app(more=flood)
    flood_of(app, home / "flooded")
    assert app.version() == "one"
    app.ctl("restart")
    wait_for(lambda: "lines were dropped" in app.logs(), "the word on what was dropped")
    assert app.status()["rss"] < 60_000_000
    size = sum(path.stat().st_size for path in (home / "state" / "wesktop" / "log").iterdir())
    assert size < 25_000_000


def test_one_line_of_ten_megabytes_is_cut(start_app: Start, home: Path) -> None:
    app = start_app(
        more="for i in range(100): os.write(1, b'x' * 100_000)\nos.write(1, b'\\nafter\\n')\nPath('flooded').touch()"
    )
    flood_of(app, home / "flooded")
    lines = wait_for(lambda: found if "after" in (found := texts(app)) else None, "the line after it")
    assert max(map(len, lines)) == 8192


def test_a_directory_that_cannot_be_written_is_raised_of_and_memory_answers(start_app: Start, home: Path) -> None:
    (home / "state" / "wesktop").mkdir(parents=True)
    (home / "state" / "wesktop" / "log").write_text("in the way")
    app = start_app(more=PRINTING)
    assert "from print" in texts(app)
    assert app.version() == "one"
    os.kill(app.get()["pid"], 9)
    wait_for(lambda: app.status()["workers"][0]["restarts"] == 1, "life to go on")


def test_since_takes_the_times_that_are_shown(start_app: Start) -> None:
    app = start_app(more=PRINTING)
    shown = app.ctl("logs").splitlines()[-1]
    moment = " ".join(shown.split()[:2])
    assert app.ctl("logs", "--since", moment).splitlines()[-1] == shown


def test_what_a_worker_says_that_nobody_understands_is_raised_of_and_it_is_heard_further(start_app: Start) -> None:
    app = start_app(more=r"os.write(int(sys.argv[1]), b'no message\n[]\n')")  # onto its channel
    logged = app.logs()
    assert logged.count(f"a message of worker {app.get()['pid']} is lost") == 2
    assert logged.count("Traceback") == 2


RAISING = """
import threading

def in_thread():
    raise RuntimeError("in a thread")

async def in_task():
    raise RuntimeError("in a task")

@router.get("/raise")
async def fail(request):
    threading.Thread(target=in_thread).start()
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    asyncio.create_task(in_task())
    return {}
"""


def test_exceptions_of_the_app_that_nobody_catches_are_told_of(start_app: Start) -> None:
    app = start_app(more=RAISING)
    app.get("/raise")
    errors = ("RuntimeError: in a thread", "ZeroDivisionError: ", "RuntimeError: in a task")
    wait_for(lambda: all(error in app.logs() for error in errors), "their tracebacks")


@pytest.mark.parametrize("taken", [Path.unlink, lambda path: path.rename(path.with_name("moved"))])
def test_a_log_file_that_others_take_away_is_made_again(
    start_app: Start, home: Path, taken: Callable[[Path], None]
) -> None:
    app = start_app(more=PRINTING)
    taken(home / "state" / "wesktop" / "log" / f"{NAME}.log")
    app.ctl("restart")
    app.ctl("stop")
    stored = texts(app)
    assert "from print" in stored
    assert any(text.startswith("stopping") for text in stored)
