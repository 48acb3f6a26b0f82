"""Services under launchd, with a stand-in for launchctl that does what the property list says. No Mac has run it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.running_app import source
from support.scripts import alive, answers, free_port, isolated_env
from support.waiting import wait_for
from wesktop.services.launchd import Launchd
from wesktop.services.service import Service
from wesktopd import client
from wesktopd.errors import ServiceError, WesktopError

LAUNCHCTL = """
import os, plistlib, signal, subprocess, sys, time
from pathlib import Path

verb, *arguments = sys.argv[1:]
with open(os.environ["LAUNCHCTL_LOG"], "a") as log:
    print(verb, *arguments, file=log)
label = Path(arguments[-1]).name.removesuffix(".plist")
note = Path(os.environ["LAUNCHCTL_LOG"]).with_name(f"{label}.pid")

def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

if verb in ("bootstrap", "kickstart"):
    if note.exists() and verb == "bootstrap":
        sys.exit("Bootstrap failed: 5: Input/output error")
    job = plistlib.loads((Path.home() / "Library" / "LaunchAgents" / f"{label}.plist").read_bytes())
    with open(job["StandardOutPath"], "ab") as out:
        process = subprocess.Popen(
            job["ProgramArguments"], cwd=job["WorkingDirectory"], start_new_session=True,
            env={**os.environ, **job.get("EnvironmentVariables", {})}, stdout=out, stderr=out)
    note.write_text(str(process.pid))
elif verb in ("bootout", "print"):
    if not note.exists():
        sys.exit(f"Could not find service {label!r}")
    pid = int(note.read_text())
    if verb == "bootout":
        if lives(pid):
            os.kill(pid, signal.SIGTERM)
        while lives(pid):
            time.sleep(0.01)
        note.unlink()
    else:
        state = "running" if lives(pid) else "not running"
        print(arguments[0], "= {", f"\\tstate = {state}", f"\\tpid = {pid}", "\\truns = 1", "}", sep="\\n")
"""


class Mac:
    """A user's home, and launchctl."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.log = home / "launchctl" / "log"
        program = home / "launchctl" / "launchctl"
        program.parent.mkdir()
        program.write_text(f"#!{sys.executable}\n{LAUNCHCTL}")
        program.chmod(0o755)
        env = isolated_env(home)
        for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            monkeypatch.setenv(name, env[name])
        monkeypatch.setenv("LAUNCHCTL_LOG", str(self.log))
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        self.port = free_port()
        self.manager = Launchd(system=False)

    def service(self, module: str = "app", **options: Any) -> Service:
        """The app as a service."""
        wesktop = str(Path(sys.executable).with_name("wesktop"))
        given: dict[str, Any] = {
            "name": "hello",
            "command": (wesktop, "serve", f"{module}:app", "--name=hello", f"--port={self.port}"),
            "reload_command": (wesktop, "ctl", "restart", "hello"),
            "directory": str(self.home),
            "port": self.port,
            "watchdog": None,
        }
        return Service(**{**given, **options})

    def verbs(self) -> list[str]:
        """What launchctl was asked for, but for its looks."""
        said = [line.split()[0] for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [verb for verb in said if verb != "print"]

    def files(self) -> set[str]:
        """What is there of the service and its app."""
        places = ("Library", "state", "config", "run")
        found = {path for place in places for path in (self.home / place).rglob("*") if path.is_file()}
        return {str(path.relative_to(self.home)) for path in found}


@pytest.fixture
def mac(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    made = Mac(home, monkeypatch)
    (home / "app.py").write_text(source("one"))
    (home / "broken.py").write_text("raise RuntimeError('no good')")
    yield made
    for note in made.log.parent.glob("*.pid"):
        with contextlib.suppress(psutil.Error, ValueError):
            process = psutil.Process(int(note.read_text()))
            process.terminate()
            process.wait(10)


def test_it_is_written_loaded_and_waited_for_and_uninstall_leaves_nothing(mac: Mac) -> None:
    mac.manager.install(mac.service())
    assert answers(f"http://127.0.0.1:{mac.port}")
    assert mac.verbs() == ["enable", "bootstrap"]
    assert mac.manager.names() == ["hello"]
    status = mac.manager.status("hello")
    assert status is not None
    assert (status.state, status.is_up, status.restarts) == ("active", True, 0)
    assert status.files == [str(mac.home / "Library" / "LaunchAgents" / "wesktop.hello.plist")]
    assert status.pid is not None
    process = psutil.Process(status.pid)
    wait_for(lambda: (mac.home / "config/wesktop/hello.toml").exists(), "the config file")
    mac.manager.uninstall("hello")
    assert not alive(process)
    assert mac.files() == set()
    assert mac.manager.names() == []
    assert mac.manager.status("hello") is None
    with pytest.raises(ServiceError, match=r"'hello'.* service"):
        mac.manager.uninstall("hello")


def test_what_does_not_start_is_not_installed(mac: Mac) -> None:
    with pytest.raises(WesktopError, match="not installed") as caught:
        mac.manager.install(mac.service("broken"))
    assert "no good" in caught.value.message
    assert mac.verbs() == ["enable", "bootstrap", "bootout"]
    assert mac.files() == set()


def test_a_second_install_takes_the_firsts_place_only_when_asked(mac: Mac) -> None:
    mac.manager.install(mac.service())
    with pytest.raises(ServiceError, match="--replace"):
        mac.manager.install(mac.service())
    mac.manager.install(mac.service(description="another"), replace=True)
    assert mac.verbs() == ["enable", "bootstrap", "bootout", "enable", "bootstrap"]
    assert answers(f"http://127.0.0.1:{mac.port}")


def test_a_replacement_that_does_not_start_leaves_the_old_one(mac: Mac) -> None:
    mac.manager.install(mac.service())
    path = mac.home / "Library" / "LaunchAgents" / "wesktop.hello.plist"
    before = path.read_bytes()
    with pytest.raises(ServiceError):
        mac.manager.install(mac.service("broken"), replace=True)
    assert path.read_bytes() == before
    wait_for(lambda: answers(f"http://127.0.0.1:{mac.port}"), "the old one")


def test_start_has_launchd_start_it_and_says_why_it_does_not(mac: Mac) -> None:
    assert mac.manager.start("hello") is False
    mac.manager.install(mac.service())
    client.stop("hello", 20)
    assert mac.manager.start("hello") is True
    assert mac.verbs() == ["enable", "bootstrap", "kickstart"]
    assert answers(f"http://127.0.0.1:{mac.port}")
    client.stop("hello", 20)
    for reason in ("no good", "worse"):
        (mac.home / "app.py").write_text(f"raise RuntimeError({reason!r})")
        with pytest.raises(ServiceError, match=f"'hello' .*{reason}"):
            mac.manager.start("hello")


def test_start_waits_for_a_process_whose_app_was_stopped(mac: Mac) -> None:
    mac.manager.install(mac.service())
    client.stop("hello", 20)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as ending, ThreadPoolExecutor() as threads:
        (mac.log.parent / "wesktop.hello.pid").write_text(str(ending.pid))
        looks = mac.log.read_text().count("print")
        starting = threads.submit(mac.manager.start, "hello")
        wait_for(lambda: mac.log.read_text().count("print") > looks + 2, "it to be looked at again")
        assert "kickstart" not in mac.verbs()
        ending.communicate()
        assert starting.result(40) is True
    assert mac.verbs()[-1] == "kickstart"


def test_a_property_list_of_others_is_neither_replaced_nor_removed(mac: Mac) -> None:
    path = mac.home / "Library" / "LaunchAgents" / "wesktop.hello.plist"
    path.parent.mkdir(parents=True)
    path.write_text("<plist/>")
    with pytest.raises(ServiceError, match="was not written by"):
        mac.manager.install(mac.service(), replace=True)
    with pytest.raises(ServiceError, match="was not written by"):
        mac.manager.uninstall("hello")
    assert mac.manager.names() == []
    assert path.read_text() == "<plist/>"


def test_a_property_list_that_cannot_be_read_is_not_taken_for_none(mac: Mac) -> None:
    path = mac.home / "Library" / "LaunchAgents" / "wesktop.hello.plist"
    path.mkdir(parents=True)  # unreadable for root too
    assert mac.manager.names() == ["hello"]
    with pytest.raises(ServiceError, match=r"hello\.plist .*Is a directory"):
        mac.manager.status("hello")
