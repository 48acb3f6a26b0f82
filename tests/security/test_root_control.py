"""`wesktop ctl` as root finds a service that runs as another user, and nothing of that user's misleads it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from support.running import COMMAND, Running, Start
from support.running_app import source
from support.scripts import answers, isolated_env
from support.users import OTHER, VICTIM, as_other, needs_root, run_as
from support.waiting import wait_for
from wesktop.cli.main import cli
from wesktop.services.service import Service
from wesktop.services.units import render
from wesktopd import client, other_users, paths
from wesktopd.errors import ConfigurationError, ControlPermissionError, NotRunningError, WesktopError
from wesktopd.logs.logfile import LogLine, format_text, read_log
from wesktopd.other_users import find, looking_for
from wesktopd.system import NotPrivateError, relying_on

pytestmark = needs_root


class OfAnother:
    """An app that runs as another user, with its runtime directory where a service has it."""

    def __init__(self, home: Path) -> None:
        self.name = "served"
        self.runtime = home / "services" / f"wesktop-{self.name}"
        place = home / "app"
        for made in (self.runtime, place):
            made.mkdir(parents=True)
            os.chown(made, OTHER, OTHER)
        for above in (home, home / "services", self.runtime, place):
            above.chmod(0o755)
        (place / "app.py").write_text(source("one", "print('printed')"))
        env = {**isolated_env(place), "XDG_RUNTIME_DIR": str(self.runtime)}
        command = [*as_other(), COMMAND, "serve", "app:app", "--port=0", f"--name={self.name}"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=place, env=env, stdin=quiet, stdout=quiet, stderr=quiet)

    def ctl(self, *arguments: str, code: int = 0) -> str:
        """What root's `ctl` says, which ends with this exit code."""
        done = CliRunner().invoke(cli, ["ctl", *arguments])
        if isinstance(done.exception, WesktopError):
            return done.exception.message
        assert done.exit_code == code, done.output
        return done.output

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def his(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OfAnother]:
    for name, value in isolated_env(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(other_users, "SERVICES", home / "services")
    made = OfAnother(home)
    try:
        wait_for(lambda: (made.runtime / "wesktop" / f"{made.name}.sock").exists(), "the app")
        made.ctl("wait", made.name)
        yield made
    finally:
        made.close()


def test_a_service_has_its_runtime_directory_where_root_looks() -> None:
    unit = render(Service("hello", ("/x",), ("/x",), "/", system=True, user="nobody"))["wesktop-hello.service"]
    assert "RuntimeDirectory=wesktop-hello\n" in unit
    assert f"XDG_RUNTIME_DIR={other_users.SERVICES}/{other_users.SERVICE}hello\n" in unit
    assert Path("/run") == other_users.SERVICES


def test_root_controls_it_by_its_name(his: OfAnother) -> None:
    status = json.loads(his.ctl("status", his.name, "--json"))
    assert (status["name"], status["state"]) == (his.name, "ready")
    listed = {entry["name"]: entry["state"] for entry in json.loads(his.ctl("list", "--json"))["apps"]}
    assert listed[his.name] == "ready"
    assert "printed" in his.ctl("logs", his.name)
    assert "ready" in his.ctl("events", his.name)
    his.ctl("restart", his.name)
    his.ctl("scale", his.name, "2")
    assert answers(status["url"])
    his.ctl("stop", his.name)
    assert his.process.wait(20) == 0
    assert his.ctl("status", his.name) == f"{his.name!r} is not running."
    assert his.name not in his.ctl("list")


def test_root_finds_it_where_the_environment_says(his: OfAnother) -> None:
    """By a process of its own."""
    env = {**os.environ, "XDG_RUNTIME_DIR": str(his.runtime), "TMPDIR": os.environ["HOME"]}
    for arguments in (["status", his.name], ["list"]):
        done = subprocess.run([COMMAND, "ctl", *arguments], env=env, capture_output=True, text=True, check=True)
        assert "ready" in done.stdout


def test_without_a_name_it_is_meant_where_nothing_of_roots_own_runs(his: OfAnother, start_app: Start) -> None:
    assert json.loads(his.ctl("status", "--json"))["name"] == his.name
    own = start_app("--port", "0")
    assert json.loads(his.ctl("status", "--json"))["name"] == own.status()["name"]


def test_root_opens_no_window_of_it(his: OfAnother) -> None:
    assert "belongs to another user" in his.ctl("open", his.name)


def test_only_who_asks_for_it_finds_it_and_no_other_user(his: OfAnother) -> None:
    with pytest.raises(NotRunningError):
        client.status(his.name)
    with looking_for(his.name):
        assert client.status(his.name).name == his.name
    with pytest.raises(NotRunningError):
        client.status(his.name)
    search = "other_users.SERVICES = pathlib.Path(sys.argv[2]); print(other_users.find(sys.argv[1]))"
    told = run_as(VICTIM, f"from wesktopd import other_users; {search}", his.name, other_users.SERVICES)
    assert told == "None\n"


# What he may put there, while nothing of his runs.


@pytest.fixture
def runtime(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime directory of a service `app`, which runs as another user."""
    monkeypatch.setattr(other_users, "SERVICES", home / "services")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    (home / "run").mkdir(mode=0o700)
    place = home / "services" / "wesktop-app"
    place.mkdir(parents=True)
    for above in (home, home / "services"):
        above.chmod(0o755)
    os.chown(place, OTHER, OTHER)
    return place


LISTEN = "os.makedirs(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[1] + '/' + sys.argv[2] + '.sock')"


def test_a_link_to_a_socket_of_roots_own_leads_root_nowhere(
    runtime: Path, start_app: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `ctl stop` of his service would end root's app."""
    own: Running = start_app("--port", "0")
    run_as(
        OTHER,
        "os.mkdir(sys.argv[1]); os.symlink(sys.argv[2], sys.argv[1] + '/app.sock')",
        runtime / "wesktop",
        f"{own.env['XDG_RUNTIME_DIR']}/wesktop/app.sock",
    )
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))  # where root's own is not
    monkeypatch.setenv("TMPDIR", str(runtime.parent.parent))
    assert find("app") is not None
    with looking_for("app"), pytest.raises(ControlPermissionError, match="this user"):
        client.stop("app", 5)
    assert own.status()["state"] == "ready"


@pytest.mark.parametrize("kind", ["of a third user", "a link to root's own", "a link out"])
def test_a_directory_that_is_not_his_is_none_of_his(runtime: Path, home: Path, kind: str) -> None:
    if kind == "of a third user":
        run_as(0, LISTEN, runtime / "wesktop", "app")
        os.chown(runtime / "wesktop", VICTIM, VICTIM)
    else:
        target = home / "run" / "elsewhere" if kind == "a link out" else home / "run" / "wesktop"
        run_as(0, LISTEN, target, "app")
        if kind == "a link out":
            os.chown(target, VICTIM, VICTIM)
        run_as(OTHER, "os.symlink(sys.argv[2], sys.argv[1])", runtime / "wesktop", target)
    if kind == "a link to root's own":
        (target / "app.sock").rename(target / "other.sock")
    assert find("app") is None


def test_his_service_is_found_by_its_own_name_alone(runtime: Path) -> None:
    for name in ("app", "bank"):
        run_as(OTHER, LISTEN.replace("makedirs(sys.argv[1])", "makedirs(sys.argv[1], exist_ok=True)"),
               runtime / "wesktop", name)  # fmt: skip
    assert find("app") is not None
    assert find("bank") is None
    assert other_users.names() == ["app"]


@pytest.mark.parametrize("name", ["../app", "..", "a/b", ""])
def test_no_name_leads_out(runtime: Path, name: str) -> None:
    with pytest.raises(ConfigurationError):
        find(name)


def test_in_a_path_that_a_third_user_can_change_nothing_is_found(
    runtime: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_as(OTHER, LISTEN, runtime / "wesktop", "app")
    third = home / "third"
    third.mkdir()
    third.chmod(0o755)
    os.chown(third, VICTIM, VICTIM)
    run_as(VICTIM, "os.symlink(sys.argv[2], sys.argv[1])", third / "run", runtime)
    monkeypatch.setattr(other_users, "SERVICES", home / "nothing")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert find("app") == (runtime / "wesktop", OTHER)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(third / "run"))
    assert find("app") is None


PLANTS = {
    "a FIFO": "os.mkfifo(sys.argv[1])",
    "a link to root's file": "os.symlink(sys.argv[2], sys.argv[1])",
    "a hard link to root's file": "pass",
}


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("suffix", ["lock", "state"])
def test_a_lock_and_a_state_that_are_not_his_say_nothing(runtime: Path, home: Path, plant: str, suffix: str) -> None:
    run_as(OTHER, LISTEN, runtime / "wesktop", "app")
    secret = home / "secret"
    secret.write_text("root's")
    secret.chmod(0o600)
    path = runtime / "wesktop" / f"app.{suffix}"
    run_as(OTHER, PLANTS[plant], path, secret)
    if plant == "a hard link to root's file":
        os.link(secret, path)
    with looking_for("app"):
        if suffix == "lock":
            with pytest.raises(ControlPermissionError, match="lock of 'app'"):
                client.is_free("app")
        else:
            assert client.is_free("app")
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("root's", 0o600)


def test_a_log_that_he_names_and_is_roots_is_not_shown(home: Path) -> None:
    log = home / "app.log"
    log.write_bytes(format_text(LogLine(1.0, 1, "stdout", "root-only")))
    with relying_on(OTHER), pytest.raises(NotPrivateError, match="belongs to root"):
        list(read_log(log, None, None, None))
    os.chown(log, OTHER, OTHER)
    with relying_on(OTHER):
        assert [line.text for line in read_log(log, None, None, None)] == ["root-only"]


HOLD = """
import sys, time
from pathlib import Path
from wesktopd.system.posix.lock import Lock
assert Lock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def holding(lock: Path) -> Iterator[None]:
    """He holds it, as one who serves does."""
    command = [*as_other(), sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"held\n"
            yield
        finally:
            process.kill()


def test_a_port_that_he_names_is_not_talked_to(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WESKTOP_CONTROL", "tcp")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        run_as(OTHER, LISTEN, runtime / "wesktop", "app")
        run_as(
            OTHER,
            "open(sys.argv[1], 'w').write(sys.argv[2]); os.chmod(sys.argv[1], 0o600)",
            runtime / "wesktop" / "app.tcp",
            f"{listener.getsockname()[1]} {'0' * 64}\n",
        )
        with holding(runtime / "wesktop" / "app.lock"), looking_for("app"), pytest.raises(ControlPermissionError):
            client.status("app")
        with listener.accept()[0] as peer:
            assert peer.recv(100) == b""


def test_outside_of_the_block_all_is_as_before(runtime: Path) -> None:
    run_as(OTHER, LISTEN, runtime / "wesktop", "app")
    before = paths.AppPaths("app").lock
    with looking_for("app"):
        assert paths.AppPaths("app").lock == runtime / "wesktop" / "app.lock"
    assert paths.AppPaths("app").lock == before
