"""`wesktop service` under a real systemd: what it installs works, and what it removes is gone."""

import contextlib
import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from support.load import load
from support.scripts import answers
from support.systemd import Service
from support.waiting import wait_for

NAME = "hello"


class Installed:
    """The app as a service that the command has installed."""

    def __init__(self, app: Service) -> None:
        self.app = app
        self.name = f"{NAME}-{app.home.name}"  # a control group of its own
        app.unit = f"wesktop-{self.name}.service"
        app.socket_unit = f"wesktop-{self.name}.socket"
        app.write("one")
        (app.home / "state").mkdir()

    def service(self, verb: str, *arguments: str) -> "tuple[int, str, str]":
        """Run a verb in the app's directory: its exit code, output and errors."""
        command = ["sh", "-c", 'cd "$0" && exec "$@"', str(self.app.directory), "wesktop", "service", verb]
        done = self.app.manager.run(*command, *arguments)
        return done.returncode, done.stdout, done.stderr

    def install(self, *options: str) -> str:
        """Install it; the output."""
        code, said, errors = self.service("install", self.name, "app:app", f"--port={self.app.port}", *options)
        assert (code, errors) == (0, ""), errors
        return said

    def ctl(self, *arguments: str) -> str:
        """The output of a verb of `wesktop ctl` that succeeds."""
        return self.app.ctl(*arguments)


@pytest.fixture
def installed(app: Service) -> Installed:
    return Installed(app)


def tree(home: Path) -> set[str]:
    """All files that are there, but what the manager itself and Python keep."""
    found = {str(path.relative_to(home)) for path in home.rglob("*")}
    return {path for path in found if not path.startswith(("run/", "myapp/", "manager.log", "boot.log"))}


def units(app: Service) -> list[str]:
    return sorted(path.name for path in app.manager.units.iterdir() if path.is_file())


def test_an_installed_service_serves_and_comes_with_the_session(installed: Installed) -> None:
    app = installed.app
    assert f"it serves on {app.url}" in installed.install()
    assert app.version() == "one"
    assert app.show("Type") == "notify"
    assert app.show("StatusText") == f"Serving on {app.url}."
    assert app.show("UnitFileState") == "enabled"
    assert app.show("WorkingDirectory") == str(app.directory)
    assert app.show("KillMode") == "control-group"
    assert app.show("NFileDescriptorStore") == "1"
    assert (app.manager.units / "default.target.wants" / app.unit).is_symlink()
    code, said, _ = installed.service("status", installed.name, "--json")
    status = json.loads(said)
    assert (code, status["state"], status["up"], status["enabled"]) == (0, "active", True, True)
    assert status["pid"] == app.main_pid()
    assert status["note"] == f"Serving on {app.url}."
    assert json.loads(installed.ctl("status", installed.name, "--json"))["url"] == app.url
    assert installed.name in installed.service("status")[1]


def test_uninstall_leaves_nothing(installed: Installed) -> None:
    app = installed.app
    before = tree(app.home)
    for options in ([], ["--on-demand"]):
        installed.install(*options)
        assert app.version() == "one"
        installed.ctl("status", installed.name)
        assert tree(app.home) - before != set()
        assert installed.service("uninstall", installed.name) == (0, f"{installed.name}: uninstalled\n", "")
        assert tree(app.home) == before
        assert app.processes() == []
        assert answers(app.url) is None
        assert app.show("LoadState") == "not-found"
        assert [path.name for path in (app.home / "run" / "wesktop").glob("*")] == []
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", app.port))
    assert installed.service("uninstall", installed.name)[0] == 1


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
        with contextlib.suppress(ValueError):  # what the stopped worker had accepted is lost with it
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


def occupied(app: Service) -> socket.socket:
    return socket.create_server(("127.0.0.1", app.port))


@pytest.mark.parametrize(
    ("more", "options", "says"),
    [
        ("raise RuntimeError('no good')", [], "RuntimeError: no good"),
        ("import time; time.sleep(60)", ["--start-timeout=0.5"], "was not ready"),
    ],
)
def test_what_does_not_start_is_not_installed(installed: Installed, more: str, options: list[str], says: str) -> None:
    app = installed.app
    app.write("one", more)
    before = tree(app.home)
    code, said, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}", *options)
    assert (code, said) == (1, "")
    assert errors.startswith(f"wesktop: {installed.name!r} did not start, and is not installed: ")
    assert says in errors
    assert "Traceback" not in errors.splitlines()[0]
    assert tree(app.home) == before
    assert app.show("LoadState") == "not-found"


def test_an_app_that_runs_already_is_left_alone(installed: Installed) -> None:
    app = installed.app
    app.manager.run("cp", str(app.directory / "app.py"), str(app.home))
    done = app.command("serve", "app:app", f"--name={installed.name}", f"--port={app.port}", "--detach")
    assert done.returncode == 0, done.stderr
    code, _, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}")
    assert (code, len(errors.splitlines())) == (1, 1)
    assert "runs already" in errors
    assert units(app) == []
    assert app.version() == "one"
    installed.ctl("stop", installed.name)


@pytest.mark.parametrize("options", [[], ["--on-demand"]])
def test_a_port_that_is_taken_installs_nothing(installed: Installed, options: list[str]) -> None:
    app = installed.app
    before = tree(app.home)
    with occupied(app):
        code, _, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}", *options)
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert f"port {app.port}" in errors
    assert tree(app.home) == before


def test_a_second_install_takes_the_firsts_place_only_when_asked(installed: Installed) -> None:
    app = installed.app
    installed.install()
    code, _, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}")
    assert (code, len(errors.splitlines())) == (1, 1)
    assert "--replace" in errors
    app.write("two")
    with load(app.port) as clients:
        installed.install("--replace", "--description=another")
        assert app.version() == "two"
    assert clients.failures == []
    assert app.show("Description") == "another"


def test_a_replacement_that_does_not_start_leaves_the_old_one(installed: Installed) -> None:
    app = installed.app
    installed.install("--description=the old one")
    app.write("broken", "raise RuntimeError('no good')")
    before = units(app)
    (app.directory / "app.py").rename(app.directory / "broken.py")
    app.write("one")
    code, _, errors = installed.service(
        "install", installed.name, "broken:app", f"--port={app.port}", "--replace", "--on-demand", "--no-sandbox"
    )
    assert code == 0, errors  # on demand it is not started yet
    assert [path.name for path in app.manager.units.glob("*.wants/*")] == [app.socket_unit]
    code, _, errors = installed.service("install", installed.name, "broken:app", f"--port={app.port}", "--replace")
    assert code == 1
    assert "no good" in errors
    installed.install("--replace", "--description=the old one")
    assert units(app) == before
    assert [path.name for path in app.manager.units.glob("*.wants/*")] == [app.unit]
    code, _, errors = installed.service("install", installed.name, "broken:app", f"--port={app.port}", "--replace")
    assert code == 1
    assert errors.startswith(f"wesktop: {installed.name!r} did not start, and is what it was before: ")
    assert app.version() == "one"
    assert app.show("Description") == "the old one"
    assert app.show("UnitFileState") == "enabled"


def test_a_replacement_that_does_not_start_leaves_one_that_was_stopped_stopped(installed: Installed) -> None:
    app = installed.app
    installed.install()
    installed.ctl("stop", installed.name)
    app.write("two", "raise RuntimeError('no good')")
    code, _, errors = installed.service("install", installed.name, "app:app", f"--port={app.port}", "--replace")
    assert (code, "no good" in errors) == (1, True)
    assert "serving app:app" not in errors  # what was printed by the one before is no news
    assert app.show("ActiveState") == "inactive"
    assert app.show("UnitFileState") == "enabled"


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
    assert installed.ctl("open", installed.name, "--print-link").startswith(f"{app.url}/_wesktop/open?token=")
    assert app.show("ActiveState") == "active"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(app.url, timeout=20)


def test_a_free_port_is_told_where_it_is_known(installed: Installed) -> None:
    code, said, errors = installed.service("install", installed.name, "app:app", "--port=0", "--no-start", "--json")
    assert (code, json.loads(said)["url"]) == (0, None), errors
    code, said, errors = installed.service("install", installed.name, "app:app", "--port=0", "--replace", "--json")
    assert code == 0, errors
    url = json.loads(installed.ctl("status", installed.name, "--json"))["url"]
    assert json.loads(said)["url"] == url
    assert answers(url)


@pytest.mark.parametrize("verb", ["status", "uninstall"])
def test_what_is_no_service_is_told(installed: Installed, verb: str) -> None:
    told = "wesktop: 'nope' is none of your services: `wesktop service status` lists them.\n"
    assert installed.service(verb, "nope") == (1, "", told)


def test_units_of_others_are_neither_replaced_nor_removed(installed: Installed) -> None:
    app = installed.app
    path = app.manager.units / app.unit
    path.write_text("[Service]\nExecStart=/bin/true\n")
    for verb, *arguments in (["install", installed.name, "app:app", "--replace"], ["uninstall", installed.name]):
        code, _, errors = installed.service(verb, *arguments)
        assert (code, len(errors.splitlines())) == (1, 1)
        assert "was not written by" in errors
    assert path.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_print_shows_what_install_writes(installed: Installed) -> None:
    app = installed.app
    options = [f"--port={app.port}", "--env=GREETING=two words", "--on-demand"]
    code, shown, _ = installed.service("print", installed.name, "app:app", *options, "--json")
    assert code == 0
    assert units(app) == []
    installed.install(*options[1:])
    for file in json.loads(shown)["files"]:
        assert Path(file["path"]).read_text() == file["text"]
    assert units(app) == sorted(Path(file["path"]).name for file in json.loads(shown)["files"])


ENVIRONMENT = """
@router.get("/environment")
async def environment(request):
    return {"env": dict(os.environ), "directory": os.getcwd(), "python": sys.executable, "prefix": sys.prefix}
"""


def test_the_app_keeps_its_environment_directory_and_python(installed: Installed) -> None:
    app = installed.app
    app.write("one", ENVIRONMENT)
    (app.directory / "secrets").write_text("TOKEN=from the file\n")
    installed.install("--env=GREETING=a b", "--env=SHELL_SAID", "--env-file=secrets")
    seen = app.get("/environment")
    assert seen["directory"] == str(app.directory)
    assert (seen["env"]["GREETING"], seen["env"]["SHELL_SAID"]) == ("a b", "100 % $HOME")
    assert seen["env"]["TOKEN"] == "from the file"
    assert seen["env"]["PATH"] == app.manager.env["PATH"]
    assert Path(seen["prefix"]) == Path(seen["python"]).parents[1]
    assert "from the file" not in (app.manager.units / app.unit).read_text()


@pytest.fixture
def app(app: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    app.manager.env["SHELL_SAID"] = "100 % $HOME"
    return app


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["install", "../evil", "app:app"], 2, "name '../evil'"),
        (["install", "a b", "app:app"], 2, "name 'a b'"),
        (["install", "x\n[Service]", "app:app"], 2, "name"),
        (["install", "x", "app"], 2, "app"),
        (["install", "x", "app:app", "--workers=0"], 2, "workers 0"),
        (["install", "x", "app:app", "--on-demand", "--port=0"], 2, "port 0"),
        (["install", "x", "app:app", "--on-demand", "--host=localhost"], 2, "host 'localhost'"),
        (["install", "x", "app:app", "--env=A B=1"], 2, "env 'A B=1'"),
        (["install", "x", "app:app", "--env=NOT_SET_AT_ALL"], 2, "'NOT_SET_AT_ALL' is not set"),
        (["install", "x", "app:app", "--env=A=1\nExecStart=/bin/evil"], 2, "line break"),
        (["install", "x", "app:app", "--description=a\nExecStart=/bin/evil"], 2, "line break"),
        (["install", "x", "app:app", "--watchdog=0.1"], 2, "watchdog 0.1"),
        (["install", "x", "app:app", "--run-as=root"], 2, "--system"),
        (["install", "x", "app:app", "--system", "--run-as=no-such-user"], 2, "no user 'no-such-user'"),
        (["install", "x", "app:app", "--directory=nowhere"], 2, "nowhere"),
        (["install", "x", "app:app", "--env-file=nowhere"], 2, "nowhere"),
        (["status", "nobody"], 1, "'nobody'"),
        (["uninstall", "nobody"], 1, "'nobody'"),
        (["uninstall", "../x"], 2, "name '../x'"),
        (["status", "../x"], 2, "name '../x'"),
    ],
)
def test_what_does_not_fit_is_one_line(installed: Installed, arguments: list[str], code: int, says: str) -> None:
    before = tree(installed.app.home)
    found, said, errors = installed.service(*arguments)
    assert (found, said) == (code, "")
    assert says in errors
    assert len(errors.splitlines()) == 1
    assert tree(installed.app.home) == before


def test_without_a_manager_it_says_so(installed: Installed, home: Path) -> None:
    done = installed.app.manager.run(
        "sh", "-c", f"XDG_RUNTIME_DIR=/nowhere wesktop service install {installed.name} app:app"
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be reached" in done.stderr
    assert units(installed.app) == []
