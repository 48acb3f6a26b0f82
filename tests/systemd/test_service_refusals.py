"""What cannot be a service is said in a line, and nothing is changed."""

import socket
from pathlib import Path

import pytest

from support.systemd import Service
from systemd.installed import Installed, tree, units


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
    assert "already running" in errors
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


@pytest.mark.parametrize("verb", ["status", "uninstall"])
def test_what_is_no_service_is_raised(installed: Installed, verb: str) -> None:
    told = "wesktop: 'nope' is not a service of this user: `wesktop service status` lists them.\n"
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


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["install", "../evil", "app:app"], 2, "must not be '../evil'"),
        (["install", "a b", "app:app"], 2, "must not be 'a b'"),
        (["install", "x\n[Service]", "app:app"], 2, "name"),
        (["install", "x", "app"], 2, "app"),
        (["install", "x", "app:app", "--workers=0"], 2, "workers must be"),
        (["install", "x", "app:app", "--on-demand", "--port=0"], 2, "port must"),
        (["install", "x", "app:app", "--on-demand", "--host=localhost"], 2, "not 'localhost'"),
        (["install", "x", "app:app", "--env=A B=1"], 2, "not 'A B'"),
        (["install", "x", "app:app", "--env=NOT_SET_AT_ALL"], 2, "'NOT_SET_AT_ALL' is not set"),
        (["install", "x", "app:app", "--env=A=1\nExecStart=/bin/evil"], 2, "line break"),
        (["install", "x", "app:app", "--description=a\nExecStart=/bin/evil"], 2, "line break"),
        (["install", "x", "app:app", "--watchdog=0.1"], 2, "not 0.1"),
        (["install", "x", "app:app", "--run-as=root"], 2, "--system"),
        (["install", "x", "app:app", "--system", "--run-as=no-such-user"], 2, "not 'no-such-user'"),
        (["install", "x", "app:app", "--directory=nowhere"], 2, "nowhere"),
        (["install", "x", "app:app", "--env-file=nowhere"], 2, "nowhere"),
        (["status", "nobody"], 1, "'nobody'"),
        (["uninstall", "nobody"], 1, "'nobody'"),
        (["uninstall", "../x"], 2, "must not be '../x'"),
        (["status", "../x"], 2, "must not be '../x'"),
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
