"""The `wesktop` command, as a shell has it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import wesktop
from support.scripts import answers, free_port, isolated_env, left_behind

WESKTOP = str(Path(sys.executable).with_name("wesktop"))

APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("not supported")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., str]


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    (home / "hello.py").write_text(APP)
    (home / "broken.py").write_text("1 / 0")
    return {**isolated_env(home), "SECRET": "swordfish", "DISPLAY": ""}


@pytest.fixture
def run(home: Path, env: dict[str, str]) -> Run:
    """Run the command to its end, in a scratch directory."""

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [WESKTOP, *arguments], cwd=home, env=env, capture_output=True, text=True, timeout=30, check=False
        )

    return command


@pytest.fixture
def start(home: Path, env: dict[str, str]) -> Iterator[Start]:
    """Serve `hello:app` under a name; its URL, once it is known to answer."""
    started = []

    def serve(name: str) -> str:
        port = free_port()
        command = [WESKTOP, "serve", "hello:app", "--port", str(port), "--name", name]
        started.append(subprocess.Popen(command, cwd=home, env=env, stderr=subprocess.DEVNULL))
        url = f"http://127.0.0.1:{port}"
        waited = subprocess.run([WESKTOP, "ctl", "wait", name], cwd=home, env=env, capture_output=True, check=False)
        assert waited.returncode == 0, waited.stderr
        return url

    yield serve
    for process in started:
        process.terminate()
        process.wait()


def test_python_m_wesktop_is_the_command(home: Path, env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "wesktop", "ctl", "status", "nothing"]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (3, "wesktop: 'nothing' is not running.\n")


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"wesktop {wesktop.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["bogus"], 2, "No such command 'bogus'"),
        (["run"], 2, "Missing argument 'TARGET'"),
        (["serve", "hello:app", "--port", "x"], 2, "'x' is not a valid integer"),
        (["doctor", "--port", "x"], 2, "'x' is not a valid whole number"),
        (["doctor", "--port", "70000"], 2, "70000 is not in the range 1<=x<=65535"),
        (["ctl", "logs", "-n", "x"], 2, "'x' is not a valid whole number"),
        (["ctl", "wait", "--timeout", "abc"], 2, "'abc' is not a valid number"),
        (["ctl", "wait", "--timeout", "-1"], 2, "-1.0 is not in the range x>=0"),
        (["serve", "hello:app", "--port", "70000"], 2, "port must be"),
        (["serve", "hello"], 2, "not 'hello'"),
        (["serve", "hello:app", "--name", "a/b"], 2, "name must not be 'a/b'"),
        (["serve", "hello:missing", "--port", "0"], 1, "module 'hello' has no attribute 'missing'"),
        (["serve", "nowhere:app", "--port", "0"], 1, "no module named 'nowhere' was found"),
        (
            ["serve", "hello:app", "--host", "192.0.2.1", "--allow-remote", "--session"],
            1,
            "192.0.2.1 port 8000 cannot be bound",
        ),
        (["run", "hello:app"], 1, "there is no display"),
        (["run", "hello:app", "--width", "0"], 2, "width must be"),
        (["run", "hello:app", "--permission", "x"], 2, "permission 'x' is unknown"),
        (["run", "hello:app", "--gui", "tk"], 2, "'tk' is not one of"),
        (["ctl", "status", "nothing"], 3, "'nothing' is not running"),
        (["ctl", "status"], 3, "no app is running"),
        (["ctl", "stop"], 3, "no app is running"),
        (["ctl", "status", "../x"], 2, "name must not be '../x'"),
    ],
)
def test_an_error_is_one_line_with_its_exit_code(
    run: Run, home: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("wesktop: ")
    assert done.stderr.count("\n") == 1
    assert left_behind(home) == []


def test_an_app_that_does_not_import_shows_its_own_traceback_and_then_one_line(run: Run) -> None:
    done = run("serve", "broken:app", "--port", str(free_port()))
    assert done.returncode == 1
    *traceback, line = done.stderr.splitlines()
    assert traceback[0] == "Traceback (most recent call last):"
    assert traceback[-1] == "ZeroDivisionError: division by zero"
    assert not any("wesktop" in frame for frame in traceback if "File" in frame and "broken.py" not in frame)
    assert line == "wesktop: module 'broken' does not import: ZeroDivisionError: division by zero"


def test_without_a_command_it_shows_its_help(run: Run) -> None:
    done = run()
    assert done.returncode == 2
    assert "Usage: wesktop" in done.stderr


def test_serve_finds_the_target_where_the_user_stands_and_ctrl_c_ends_it(home: Path, env: dict[str, str]) -> None:
    port = free_port()
    process = subprocess.Popen(
        [WESKTOP, "serve", "hello:app", "--port", str(port)], cwd=home, env=env, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"wesktop: serving hello:app on http://127.0.0.1:{port}\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == "wesktop: stopping, on SIGINT\n"


def test_status_tells_how_the_app_is(run: Run, start: Start) -> None:
    url = start("one")
    done = run("ctl", "status")
    assert done.returncode == 0
    assert done.stdout.startswith("one  hello:app  ready\n")
    assert url in done.stdout
    assert "1 of 1 ready, generation 1" in done.stdout


def test_status_as_json_has_the_documented_fields_and_no_secret(run: Run, start: Start) -> None:
    url = start("one")
    text = run("ctl", "status", "one", "--json").stdout
    report = json.loads(text)
    documented = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text()
    assert {*report, *report["workers"][0]} <= {word.strip("`") for word in documented.replace(",", " ").split()}
    assert (report["version"], report["name"], report["url"], report["one_shot"]) == (1, "one", url, False)
    assert report["workers"][0]["state"] == "ready"
    assert "swordfish" not in text


def test_stop_ends_the_app_and_waits_for_it(run: Run, start: Start, home: Path) -> None:
    url = start("one")
    assert run("ctl", "stop").returncode == 0
    assert answers(url) is None
    assert left_behind(home) == []


def test_with_several_apps_a_name_is_asked_for(run: Run, start: Start) -> None:
    start("one")
    start("two")
    done = run("ctl", "status")
    assert done.returncode == 2
    assert "several apps are running: name one of one, two" in done.stderr
    assert run("ctl", "stop", "two").returncode == 0
    assert run("ctl", "status").stdout.startswith("one ")
