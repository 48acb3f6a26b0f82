"""Where an app is started from: without a home, with what others have left, and where no control socket can be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.running import COMMAND, NAME, Start
from support.scripts import answers
from support.waiting import wait_for


@pytest.mark.parametrize("home_value", [None, "/proc/nowhere"], ids=["no HOME", "a home that cannot be written"])
def test_without_a_home_it_serves_and_is_controlled(start_app: Start, home_value: str | None) -> None:
    app = start_app()
    app.ctl("stop")
    app.env.pop("HOME")
    if home_value:
        for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            app.env.pop(name)
        app.env["HOME"] = home_value
    done = app.command("serve", "app:app", "--port", str(app.port), "--detach")
    assert done.returncode == 0, done.stderr
    assert app.version() == "one"
    app.ctl("restart")
    assert (app.status()["config_file"] is None) is (home_value is not None)
    assert "serving app:app" in app.logs()
    app.ctl("stop")
    assert answers(app.url) is None


@pytest.mark.parametrize("runtime", [None, "d" * 120, "missing"])
def test_without_a_runtime_directory_that_fits_it_is_found_all_the_same(
    start_app: Start, home: Path, runtime: str | None
) -> None:
    app = start_app()
    app.ctl("stop")
    app.env.pop("XDG_RUNTIME_DIR")
    app.env["TMPDIR"] = str(home)
    if runtime:
        app.env["XDG_RUNTIME_DIR"] = str(home / runtime)
        if runtime != "missing":
            (home / runtime).mkdir()
    start_app()
    assert json.loads(app.ctl("status", "--json"))["state"] == "ready"
    app.ctl("stop")


def test_where_no_control_socket_can_be_made_it_serves_and_the_log_says_so(start_app: Start, home: Path) -> None:
    app = start_app()
    app.ctl("stop")
    (home / "run" / "wesktop" / f"{NAME}.sock" / "in the way").mkdir(parents=True)
    start_app()
    assert app.version() == "one"
    assert app.command("ctl", "status", NAME).returncode == 3
    log = home / "state" / "wesktop" / "log" / f"{NAME}.log"
    told = f"no control socket at {home / 'run' / 'wesktop' / NAME}.sock"
    wait_for(lambda: told in log.read_text(), "the line about it")


GARBAGE = [b"", b"\0" * 100, b"{", b'{"boot": 1}', b"12345\n"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_a_dead_supervisor_left_is_no_trouble(start_app: Start, home: Path, garbage: bytes) -> None:
    app = start_app()
    app.ctl("stop")
    for suffix in ("sock", "tcp", "lock", "state"):
        (home / "run" / "wesktop" / f"{NAME}.{suffix}").write_bytes(garbage)
    start_app()
    assert app.status()["state"] == "ready"
    app.ctl("stop")


def test_a_stranger_who_has_got_a_workers_pid_is_left_alone(start_app: Start, home: Path) -> None:
    app = start_app()
    supervisor = app.status()["pid"]
    state = home / "run" / "wesktop" / f"{NAME}.state"
    worker = app.get()["pid"]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        text = wait_for(lambda: found if str(worker) in (found := state.read_text()) else None, "the state file")
        os.kill(supervisor, 9)
        wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")
        state.write_text(text.replace(f'"pid":{worker},', f'"pid":{stranger.pid},'))
        start_app()
        assert app.version() == "one"
        app.ctl("stop")
        assert stranger.poll() is None
        stranger.kill()


def test_a_full_disk_is_raised_of_and_memory_answers(start_app: Start, home: Path) -> None:
    app = start_app()
    app.ctl("stop")
    logs = home / "state" / "wesktop" / "log"
    script = f"mount -t tmpfs -o size=64k tmpfs {logs} && exec {COMMAND} serve app:app --port {app.port}"
    app.write("one", "for i in range(2000): print('line', i, 'x' * 100)")
    with subprocess.Popen(["unshare", "-rm", "sh", "-c", script], cwd=home, env=app.env, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as served:  # fmt: skip
        said = served.stderr
        assert said is not None
        wait_for(lambda: "cannot be written (No space left on device)" in said.readline(), "the trouble")
        app.ctl("wait")
        assert "line 1999 " in app.logs()
        app.ctl("restart")
        assert app.version() == "one"
        served.terminate()


def test_a_port_that_is_free_is_taken_and_kept(start_app: Start, home: Path) -> None:
    app, name = start_app(), home.name  # from which the port follows: one that nobody else has
    chosen = []
    for _ in range(2):
        assert app.command("serve", "app:app", "--name", name, "--port", "0", "--detach").returncode == 0
        chosen.append(app.ctl("status", name, "--json").split('"url": "')[1].split('"')[0])
        app.ctl("stop", name)
    assert chosen[0] == chosen[1]


def test_no_worker_answers_before_the_app_can_be_controlled(start_app: Start, home: Path) -> None:
    """A supervisor that is slow to open its socket; its worker is ready long before."""
    app = start_app()
    app.ctl("stop")
    (home / "starting").unlink()
    (home / "slow").mkdir()
    (home / "slow" / "sitecustomize.py").write_text(
        "import pathlib, sys, time\n"
        "if {'-m', 'wesktop', 'serve'} <= {*sys.orig_argv}:\n"
        "    import wesktopd.system.posix.control_socket as control_socket\n"
        "    listen = control_socket.listen\n"
        "    def slowly(path):\n"
        "        time.sleep(3)\n"
        "        return listen(path)\n"
        "    control_socket.listen = slowly\n"
    )
    command = [sys.executable, "-m", "wesktop", "serve", "app:app", "--port", str(app.port)]
    env = {**app.env, "PYTHONPATH": str(home / "slow")}
    with subprocess.Popen(command, cwd=home, env=env, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for((home / "starting").exists, "its worker")
            wait_for(lambda: answers(app.url), "an answer")
            assert app.status()["state"] == "ready"
        finally:
            process.terminate()
            process.wait(20)
