"""A service that runs is restarted, reloaded, killed and watched, and loses no request; `wesktop ctl` works on it."""

import contextlib
import json
import urllib.error
import urllib.request

import pytest

from support.load import load
from support.session import own_address
from support.waiting import wait_for
from systemd.installed import Installed


def test_on_demand_the_first_connection_starts_it_and_a_restart_loses_none(installed: Installed) -> None:
    app = installed.app
    assert "the first connection" in installed.install("--on-demand", "--idle-timeout=600")
    assert app.show("ActiveState") == "inactive"
    code, said, _ = installed.service("status", installed.name, "--json")
    assert (code, json.loads(said)["state"], json.loads(said)["pid"]) == (0, "listening", None)
    with load(app.port) as clients:
        wait_for(lambda: clients.values("version") == ["one"], "an answer")
        app.write("two")
        app.manager.systemctl("restart", app.unit)
        wait_for(lambda: "two" in clients.values("version"), "an answer of the new one")
    assert clients.failures == []
    assert app.show("ActiveState") == "active"


def test_a_reload_under_load_loses_no_request(installed: Installed) -> None:
    app = installed.app
    installed.install()
    pid = app.main_pid()
    with load(app.port) as clients:
        for version in ("two", "three"):
            app.write(version)
            app.manager.systemctl("reload", app.unit)
            assert app.version() == version
    assert clients.failures == []
    assert clients.values("version")[0] == "one"
    assert (app.main_pid(), app.show("ActiveState")) == (pid, "active")


def test_killing_the_supervisor_under_load_loses_no_request(installed: Installed) -> None:
    app = installed.app
    installed.install()
    with load(app.port) as clients:
        app.signal("KILL")
        app.started_again()
        serving = app.get()["pid"]
        wait_for(lambda: serving in clients.values("pid"), "answers of the new one")
    assert clients.failures == []


@pytest.mark.parametrize(
    ("options", "victim"),
    [
        (["--watchdog=2"], "supervisor"),
        (["--watchdog=2", "--hang-timeout=0"], "worker"),
    ],
)
@pytest.mark.long
def test_the_watchdog_ends_what_stands_still(installed: Installed, options: list[str], victim: str) -> None:
    app = installed.app
    installed.install(*options)
    old = app.main_pid()
    pid = old if victim == "supervisor" else app.get()["pid"]
    assert app.manager.run("kill", "-s", "STOP", str(pid)).returncode == 0
    # On a machine under load it may be more than once that life is shown too late.
    wait_for(lambda: app.show("ActiveState") == "active" and app.main_pid() not in (0, old), "the restart", 40)
    assert app.show("NRestarts") != "0"
    assert app.version() == "one"


def test_a_worker_that_hangs_is_the_supervisors_to_replace_where_it_may(installed: Installed) -> None:
    app = installed.app
    installed.install("--watchdog=3", "--hang-timeout=1")
    old = app.main_pid()
    worker = app.get()["pid"]
    assert app.manager.run("kill", "-s", "STOP", str(worker)).returncode == 0

    def replaced() -> bool:
        with contextlib.suppress(OSError, ValueError):  # what the stopped worker had accepted is lost with it
            return bool(app.get()["pid"] != worker)
        return False

    wait_for(replaced, "another worker", 40)
    assert (app.main_pid(), app.show("NRestarts")) == (old, "0")


def test_systemd_sees_that_a_restart_by_ctl_reloads_it(installed: Installed) -> None:
    app = installed.app
    installed.install()
    (app.directory / "starting").unlink()
    (app.directory / "wait").touch()
    restart = app.begin("ctl", "restart", installed.name)
    wait_for((app.directory / "starting").exists, "the new worker")
    wait_for(lambda: app.show("ActiveState") == "reloading", "the reload")
    assert app.show("StatusText") == "Generation 2 is coming."
    (app.directory / "wait").unlink()
    assert restart.wait(40) == 0
    wait_for(lambda: app.show("ActiveState") == "active", "its end")
    app.write("three", "raise RuntimeError('no good')")
    assert app.command("ctl", "restart", installed.name).returncode == 1
    wait_for(lambda: app.show("ActiveState") == "active", "the end of one that failed")
    assert app.show("StatusText").startswith(f"Serving on {app.url}; generation 3 is given up")
    assert app.version() == "one"


@pytest.mark.parametrize("options", [[], ["--on-demand"]])
def test_ctl_start_has_systemd_start_it(installed: Installed, options: list[str]) -> None:
    app = installed.app
    installed.install(*options)
    if not options:
        installed.ctl("stop", installed.name)
    wait_for(lambda: app.show("ActiveState") == "inactive", "its end")
    assert installed.ctl("start", installed.name) == f"{installed.name}: running on {app.url}\n"
    assert app.show("ActiveState") == "active"
    assert app.main_pid() == json.loads(installed.ctl("status", installed.name, "--json"))["pid"]
    app.write("two", "raise RuntimeError('no good')")
    installed.ctl("stop", installed.name)
    wait_for(lambda: app.show("ActiveState") == "inactive", "its end")
    done = app.command("ctl", "start", installed.name)
    assert done.returncode == 1
    assert f"{installed.name!r} did not start: " in done.stderr
    assert "no good" in done.stderr.splitlines()[0]


def test_ctl_open_starts_one_on_demand_whose_session_keeps_others_out(installed: Installed) -> None:
    app = installed.app
    installed.install("--on-demand", "--session")
    assert app.show("ActiveState") == "inactive"
    link = installed.ctl("open", installed.name, "--print-link")
    assert link.startswith(f"{own_address(app.home, installed.name, app.url)}/_wesktop/open?token=")
    assert app.show("ActiveState") == "active"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(app.url, timeout=20)
