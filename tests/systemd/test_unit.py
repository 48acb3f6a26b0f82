"""A service of Type=notify: what systemd is told, and what becomes of it."""

import json
import os
import subprocess

import pytest

from support.running import NAME
from support.scripts import answers, left_behind
from support.systemd import Service, socket_activate
from support.waiting import wait_for


@pytest.mark.parametrize("index", [0, 1])
def test_the_units_are_valid(app: Service, index: int) -> None:
    app.install(index)
    paths = [str(path) for path in app.manager.units.iterdir()]
    assert len(paths) == index + 1
    done = app.manager.run("systemd-analyze", "--user", "verify", "--man=no", *paths)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_ready_when_the_app_answers_and_not_before(app: Service) -> None:
    app.install(0)
    (app.directory / "wait").touch()
    app.manager.systemctl("start", "--no-block", app.unit)
    wait_for((app.directory / "starting").exists, "the app's start")
    assert app.show("ActiveState") == "activating"
    (app.directory / "wait").unlink()
    app.manager.systemctl("start", app.unit)
    assert app.version() == "one"
    assert app.show("ActiveState") == "active"
    assert app.show("StatusText") == f"Serving on {app.url}."


def test_a_stop_lets_requests_finish_and_leaves_nothing(app: Service) -> None:
    app.install(0)
    app.manager.systemctl("start", app.unit)
    with app.begin_request("/slow") as connection:
        wait_for((app.directory / "slow").exists, "the request")
        app.manager.systemctl("stop", "--no-block", app.unit)
        wait_for(lambda: app.show("ActiveState") == "deactivating", "the stop")
        wait_for(lambda: app.show("StatusText") == "Stopping, on SIGTERM.", "its status")
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    assert json.loads(data.partition(b"\r\n\r\n")[2])["version"] == "one"
    wait_for(lambda: app.show("ActiveState") == "inactive", "its end")
    assert app.show("Result") == "success"
    assert app.processes() == []
    assert left_behind(app.home) == []
    assert answers(app.url) is None


@pytest.mark.parametrize(
    ("more", "option", "code"),
    [("raise RuntimeError('no good')", "", "1"), ("", "--workers 0", "2"), ("", "--port 1000000", "2")],
)
def test_an_app_that_does_not_start_fails_the_unit(app: Service, more: str, option: str, code: str) -> None:
    run = f"ExecStart={app.directory}/.venv/bin/wesktop serve app:app --name app --port {app.port} {option}"
    app.install(0, "Restart=no", run, more=more)
    assert app.manager.run("systemctl", "--user", "start", app.unit).returncode == 1
    assert app.show("Result") == "exit-code"
    assert app.show("ExecMainStatus") == code
    assert app.processes() == []


def test_what_is_wrong_for_good_is_not_tried_again(app: Service) -> None:
    run = f"ExecStart={app.directory}/.venv/bin/wesktop serve app:app --workers 0"
    app.install(0, run)
    assert app.manager.run("systemctl", "--user", "start", app.unit).returncode == 1
    assert (app.show("ActiveState"), app.show("NRestarts")) == ("failed", "0")


def test_a_reload_serves_new_code_and_one_that_does_not_start_fails(app: Service) -> None:
    app.install(0)
    app.manager.systemctl("start", app.unit)
    pid = app.main_pid()
    app.write("two")
    app.manager.systemctl("reload", app.unit)
    assert app.version() == "two"
    app.write("three", "raise RuntimeError('no good')")
    assert app.manager.run("systemctl", "--user", "reload", app.unit).returncode == 1
    assert app.version() == "two"
    assert (app.main_pid(), app.show("ActiveState")) == (pid, "active")


def test_ctl_stop_is_an_end_that_systemd_leaves_alone(app: Service) -> None:
    app.install(0)
    app.manager.systemctl("start", app.unit)
    app.ctl("stop", NAME)
    wait_for(lambda: app.show("ActiveState") == "inactive", "its end")
    assert app.show("NRestarts") == "0"
    assert app.processes() == []


SEES_ENVIRONMENT = """
import subprocess

@router.get("/environment")
async def environment(request):
    child = subprocess.run([sys.executable, "-c", "import os, json; print(json.dumps(dict(os.environ)))"],
                           capture_output=True, close_fds=False)
    return {"worker": sorted(os.environ), "child": child.stdout.decode()}
"""


@pytest.mark.parametrize("index", [0, 1])
def test_neither_workers_nor_what_the_app_starts_are_taken_for_the_service(app: Service, index: int) -> None:
    app.install(index, more=SEES_ENVIRONMENT)
    app.manager.systemctl("start", app.unit)
    ours = app.manager.run("cat", f"/proc/{app.main_pid()}/environ").stdout
    assert "NOTIFY_SOCKET=" in ours
    assert "WATCHDOG_USEC=" in ours
    assert ("LISTEN_FDS=" in ours) == bool(index)
    for _ in range(2):  # the first worker is started before the service manager's sockets are taken, the others after
        seen = app.get("/environment")
        for names in (seen["worker"], json.loads(seen["child"])):
            assert "XDG_RUNTIME_DIR" in names
            assert [name for name in names if name.startswith(("NOTIFY_", "WATCHDOG_", "LISTEN_", "FDSTORE"))] == []
        app.ctl("restart", NAME)


def test_a_socket_is_taken_from_systemd_socket_activate(app: Service) -> None:
    app.write("one")
    command = socket_activate(f"127.0.0.1:{app.port}", app.manager.env)
    command += [f"{app.directory}/.venv/bin/wesktop", "serve", "app:app", "--name", NAME, "--port", "1"]
    env = {name: value for name, value in app.manager.env.items() if name != "NOTIFY_SOCKET"}
    with subprocess.Popen(command, cwd=app.directory, env=env, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert b"Listening on" in process.stderr.readline()
            assert app.version() == "one"
        finally:
            os.kill(process.pid, 15)
    assert process.returncode == 0
