"""`serve(detach=True)` and `wesktop serve --detach`: the server goes on when its caller has ended."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.running import COMMAND, NAME, Running, Start
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
def test_an_app_that_does_not_start_is_raised_of_with_the_end_of_its_log(
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


def block_lock(home: Path) -> None:
    (home / "run" / "wesktop" / f"{NAME}.lock").mkdir(0o700, parents=True)


def block_control_socket(home: Path) -> None:
    (home / "run" / "wesktop" / f"{NAME}.sock").mkdir(0o700, parents=True)


def block_log(home: Path) -> None:
    (home / "state" / "wesktop" / "log" / f"{NAME}.log").mkdir(0o700, parents=True)


def block_config(home: Path) -> None:
    (home / "config" / "wesktop" / f"{NAME}.toml").mkdir(0o700, parents=True)


def block_port(home: Path) -> None:
    (home / "state" / "wesktop" / f"{NAME}.port").mkdir(0o700, parents=True)


AMISS = [
    (block_lock, "A second start is not prevented"),
    (block_control_socket, "no control socket at "),
    (block_log, "log file "),
    (block_config, "`wesktop ctl start` will not know how to start it"),
    (block_port, "cannot be kept for the next start"),
]


@pytest.mark.parametrize(("block", "said"), AMISS)
@pytest.mark.parametrize("detach", ["--detach", ""])
def test_what_is_amiss_is_said_to_who_starts_it_and_in_the_log(
    idle_app: Running, home: Path, block: Callable[[Path], None], said: str, detach: str
) -> None:
    block(home)
    command = ["serve", "app:app", "--port", "0", *([detach] if detach else [])]
    output = home / "output"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [COMMAND, *command], cwd=home, env=idle_app.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    if detach:
        assert process.wait(60) == 0, output.read_text()
    try:
        wait_for(lambda: said in output.read_text(), lambda: f"{said!r} in {output.read_text()!r}")
        log = home / "state" / "wesktop" / "log" / f"{NAME}.log"
        wait_for(lambda: said in (log.read_text() if log.is_file() else idle_app.logs()), "the same in the log")
        if block in (block_lock, block_control_socket):
            assert "ctl stop" not in output.read_text()
    finally:
        if not detach:
            process.terminate()
            assert process.wait(30) == 0


def test_one_without_a_lock_is_ended_by_what_its_starter_is_raised(idle_app: Running, home: Path) -> None:
    block_lock(home)
    done = idle_app.command("serve", "app:app", "--port", str(idle_app.port), "--detach")
    assert done.returncode == 0
    assert done.stdout == f"{NAME}: running on {idle_app.url}\n"
    end = re.search(r"`(kill \d+)` ends it", done.stderr)
    assert end, done.stderr
    assert idle_app.version() == "one"
    assert idle_app.shell(end[1]).returncode == 0
    wait_for(lambda: not idle_app.processes(), "the end of all processes")


def test_what_is_never_to_happen_is_never_after_a_start_from_the_config_file_too(start_app: Start) -> None:
    app = start_app("--hang-timeout", "0", "--max-rss", "0")
    first = json.loads(app.ctl("config", "--json"))["config"]
    assert first["hang_timeout"] is None
    assert "hang_timeout = 0\n" in app.ctl("config")
    app.ctl("stop")
    app.ctl("start", NAME)
    assert json.loads(app.ctl("config", "--json"))["config"] == first


def test_a_home_that_is_not_utf_8_is_one_as_others(idle_app: Running, home: Path) -> None:
    odd = home / os.fsdecode(b"\xe9t\xe9")
    odd.mkdir()
    for name in [name for name in idle_app.env if name.startswith("XDG_")]:
        del idle_app.env[name]
    idle_app.env |= {"HOME": str(odd), "XDG_RUNTIME_DIR": str(odd)}
    done = idle_app.command("serve", "app:app", "--port", "0", "--detach", "--log-format", "text")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(idle_app.ctl("list", "--json"))["apps"][0]["state"] == "ready"
    shown = str(odd).encode("utf-8", "backslashreplace").decode()
    assert f"{shown}/.config/wesktop/{NAME}.toml" in idle_app.ctl("status")
    assert json.loads(idle_app.ctl("status", "--json"))["log_file"].startswith(f"{shown}/.local/state/wesktop/")
    assert idle_app.ctl("restart") == f"{NAME}: generation 2 serves\n"
    assert 'target = "app:app"\n' in idle_app.ctl("config")
    idle_app.ctl("stop")
    idle_app.ctl("start", NAME)
    started = [line for line in idle_app.ctl("logs").splitlines() if "starting app:app on" in line]
    assert len(started) == 2, "what the last one printed is read from its file"
    idle_app.ctl("stop")
    wait_for(lambda: not idle_app.processes(), "the end of all processes")
