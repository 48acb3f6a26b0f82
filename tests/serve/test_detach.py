"""`serve(detach=True)` and `wesktop serve --detach`: the server goes on when its caller has ended."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.running import NAME, Running, Start
from support.scripts import Script, free_port
from support.waiting import wait_for


def test_it_returns_when_the_app_answers_and_the_pid_file_names_the_server(start_app: Start, home: Path) -> None:
    app = start_app("--pid-path", "app.pid")
    assert app.version() == "one"
    assert int((home / "app.pid").read_text()) == app.status()["pid"]
    app.ctl("stop")
    app.nothing_left()
    assert not (home / "app.pid").exists()


def test_a_script_may_go_on_or_end_as_it_likes(start_script: Callable[..., Script], home: Path) -> None:
    app = Running(home, free_port())
    app.write("one")
    source = f"import wesktop\nwesktop.serve('app:app', port={app.port}, detach=True)\nprint('returned')"
    caller = start_script("caller", source)
    assert caller.wait() == 0
    assert caller.output == "returned\n"
    assert app.version() == "one"
    assert app.status()["one_shot"] is False
    app.ctl("stop")
    app.nothing_left()


def test_it_holds_nothing_of_its_callers(start_app: Start) -> None:
    app = start_app()
    done = app.shell(f"wesktop serve app:app --name other --port {free_port()} --detach | cat")
    assert done.stdout.startswith("other: running on ")
    app.ctl("stop", "other")


@pytest.mark.parametrize(
    ("more", "said"), [("raise RuntimeError('no good')", "no good"), ("os._exit(5)", "exit code 5")]
)
def test_an_app_that_does_not_start_is_told_of_with_the_end_of_its_log(
    start_app: Start, more: str, said: str
) -> None:
    app = start_app()
    app.ctl("stop")
    app.write("two", f"print('a last word')\n{more}")
    done = app.command("serve", "app:app", "--port", str(app.port), "--detach")
    assert done.returncode == 1
    first, *tail = done.stderr.splitlines()
    assert first.startswith("wesktop: ")
    assert said in first
    assert any("a last word" in line for line in tail)
    app.nothing_left()


def test_a_port_in_use_is_refused_in_one_line(start_app: Start) -> None:
    app = start_app()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = app.command("serve", "app:app", "--name", "other", "--port", str(port), "--detach")
    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use by " in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_another_app_has_is_refused_with_what_ends_that(start_app: Start) -> None:
    app = start_app()
    done = app.command("serve", "app:app", "--name", "other", "--port", str(app.port), "--detach")
    assert done.returncode == 1
    assert done.stderr == (
        f"wesktop: port {app.port} on 127.0.0.1 is in use by the app {NAME!r}: `wesktop ctl stop {NAME}` ends it, "
        "or give another port (0 takes a free one).\n"
    )
    app.ctl("stop", NAME)
    done = app.command("serve", "app:app", "--name", "other", "--port", str(app.port), "--detach")
    assert done.returncode == 0, done.stderr


def test_of_two_starts_at_once_one_wins_and_the_other_says_so(start_app: Start) -> None:
    app = start_app()
    app.ctl("stop")
    starts = [app.begin("serve", "app:app", "--port", str(app.port), "--detach") for _ in range(4)]
    assert sorted(start.wait(30) for start in starts) == [0, 1, 1, 1]
    assert app.settled()["name"] == NAME


def test_the_output_of_the_app_needs_nobody_to_read_it(start_app: Start) -> None:
    app = start_app(more="print('x' * 1_000_000)")
    os.kill(app.get()["pid"], 9)
    wait_for(lambda: app.version() == "one", "the next worker")


CALL = """
import wesktop
wesktop.serve("app:app", port={port}, detach=True)
if __name__ == "__main__":
    import gc, pathlib, time
    gc.collect()
    print("serve() has returned", flush=True)
    while not pathlib.Path("end").exists():
        time.sleep(0.01)
"""


@pytest.fixture
def idle_app(home: Path) -> Running:
    """An app that is not started yet."""
    app = Running(home, free_port())
    app.write("one")
    return app


def returned(script: Script) -> None:
    """Wait until the call has returned."""
    wait_for(lambda: "serve() has returned" in script.output or script.process.poll() is not None, "its return")
    assert script.output == "serve() has returned\n"


def test_a_caller_that_goes_on_is_warned_of_nothing_and_keeps_no_zombie(
    idle_app: Running, start_script: Callable[..., Script]
) -> None:
    script = start_script("caller", CALL.format(port=idle_app.port), PYTHONWARNINGS="always::ResourceWarning")
    returned(script)
    idle_app.ctl("stop", NAME)
    wait_for(lambda: not psutil.Process(script.pid).children(), "no child, not even a zombie")
    (idle_app.home / "end").touch()
    assert script.wait() == 0
    assert script.output == "serve() has returned\n"


def test_it_goes_on_when_its_caller_is_killed(idle_app: Running, start_script: Callable[..., Script]) -> None:
    script = start_script("caller", CALL.format(port=idle_app.port))
    returned(script)
    os.killpg(script.pid, signal.SIGKILL)
    script.process.wait()
    assert idle_app.get()["served"] == 1
    idle_app.ctl("stop", NAME)
    idle_app.nothing_left()


def test_it_goes_on_when_its_terminal_is_gone(idle_app: Running) -> None:
    with idle_app.terminal("serve", "app:app", "--port", str(idle_app.port), "--detach") as terminal:
        assert terminal.wait() == 0
    supervisor = psutil.Process(idle_app.status()["pid"])
    assert supervisor.terminal() is None
    assert os.getsid(supervisor.pid) == supervisor.pid
    assert idle_app.get()["served"] == 1
    idle_app.ctl("stop", NAME)
    idle_app.nothing_left()


def test_ctrl_c_before_it_answers_leaves_nothing(idle_app: Running) -> None:
    (idle_app.home / "wait").touch()
    starting = idle_app.begin("serve", "app:app", "--port", str(idle_app.port), "--detach")
    wait_for((idle_app.home / "starting").exists, "the app's lifespan")
    starting.send_signal(signal.SIGINT)
    assert starting.wait(20) == 130
    idle_app.nothing_left()
