"""`wesktop doctor` where things are broken: it ends well, says what is wrong, and its cures cure."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.notifications import own_bus
from support.running import COMMAND, Start
from support.screen import own_screen
from support.scripts import isolated_env
from support.users import OTHER, VICTIM, as_other, needs_root
from wesktop.doctor.directories import mend
from wesktop.window.backends import system_pygobject

BREAKS = {
    "raises ImportError": "raise ImportError('half of it is missing')",
    "raises another error": "raise RuntimeError('no good')",
    "is cut short": "def broken(",
    "ends the process": "import os; os._exit(3)",
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
}
DOCTOR = (COMMAND, "doctor")
AS_MODULE = (sys.executable, "-P", "-m", "wesktop.doctor")


class Surroundings:
    """A user's home and environment, as good or bad as a test makes them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = isolated_env(home)
        for name in ("DISPLAY", "PYWEBVIEW_GUI", "KDE_FULL_SESSION"):
            self.env.pop(name, None)

    def run(
        self, *options: str, command: tuple[str, ...] = (COMMAND, "doctor")
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, *options], cwd=self.home, env=self.env, capture_output=True, text=True, timeout=50, check=False
        )

    def findings(self, *options: str, command: tuple[str, ...] = DOCTOR) -> list[dict[str, Any]]:
        """What it finds; that it tells of problems by its exit code is seen to."""
        done = self.run("--json", *options, command=command)
        assert done.stderr == ""
        found = json.loads(done.stdout)
        assert done.returncode == bool(found["problems"])
        levels = [each["level"] for each in found["findings"]]
        assert (levels.count("problem"), levels.count("warning")) == (found["problems"], found["warnings"])
        findings: list[dict[str, Any]] = found["findings"]
        return findings

    def trouble(self, *options: str, command: tuple[str, ...] = DOCTOR) -> list[dict[str, Any]]:
        """What is not ok."""
        # Port 8000 may be taken by whatever else runs on this machine.
        found = self.findings(*options, command=command)
        return [each for each in found if each["level"] != "ok" and "port 8000 " not in each["text"]]

    def break_package(self, name: str, source: str) -> None:
        """Have Python find a module of that name that does this."""
        package = self.home / "broken" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(source)
        self.env["PYTHONPATH"] = str(package.parent)

    def cure(self, line: str) -> None:
        """Do as it says; the tests need no sudo where they need root."""
        subprocess.run(
            ["bash", "-ec", line.replace("sudo ", "")], env=self.env, cwd=self.home, check=True, timeout=20
        )


@pytest.fixture
def here(home: Path) -> Surroundings:
    return Surroundings(home)


def about(findings: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """The one finding with this text."""
    (found,) = [each for each in findings if text in each["text"]]
    return found


@pytest.mark.parametrize("command", [DOCTOR, AS_MODULE])
def test_in_good_surroundings_all_is_well(here: Surroundings, command: tuple[str, ...]) -> None:
    assert here.trouble("--no-window", command=command) == []
    done = here.run("--no-window", command=command)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    subjects = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert subjects[:-1] == ["Python", "packages", "directories", "services", "ports", "apps"]


@pytest.mark.window
def test_with_a_display_it_is_found(here: Surroundings) -> None:
    if system_pygobject() is None:
        pytest.skip("needs the system's GTK")
    with own_screen() as screen:
        here.env["DISPLAY"] = screen.display
        assert here.trouble() == []
        assert about(here.findings(), "display")["text"] == f"display {screen.display!r} answers"
        assert "WebKitGTK 2." in about(here.findings(), "PyGObject")["text"]


@pytest.mark.window
@pytest.mark.long
def test_accessibility_that_does_not_answer_is_raised(here: Surroundings) -> None:
    if system_pygobject() is None:
        pytest.skip("needs the system's GTK")
    with own_screen() as screen, own_bus(here.home) as bus:
        here.env |= {"DISPLAY": screen.display, "DBUS_SESSION_BUS_ADDRESS": bus.address}
        assert here.trouble() == []  # there is none
        with bus.hanging("org.a11y.Bus"):
            found = about(here.trouble(), "accessibility")
    assert (found["level"], found["cure"]) == ("warning", "systemctl --user restart at-spi-dbus-bus.service")


def test_without_a_display_it_says_how_to_have_one(here: Surroundings) -> None:
    found = about(here.trouble(), "there is no display")
    assert (found["level"], found["cure"]) == ("problem", "xvfb-run -a wesktop run module:app")
    done = here.run()
    assert done.returncode == 1
    assert "           cure: xvfb-run -a wesktop run module:app\n" in done.stdout


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_pygobject_is_raised_and_ends_nothing(here: Surroundings, how: str) -> None:
    here.break_package("gi", BREAKS[how])
    trouble = [each for each in here.trouble() if each["subject"] == "window"]
    assert trouble[0]["level"] == "problem"
    assert trouble[0]["cure"]
    if how == "ends the process":
        assert "ends the process with exit code 3" in trouble[0]["text"]
    elif how == "crashes":
        assert "ends the process by SIGSEGV" in trouble[0]["text"]
    else:
        assert "no GUI toolkit can be used" in trouble[0]["text"]


@pytest.mark.parametrize("package", ["msgspec", "granian", "psutil", "platformdirs", "tomli_w"])
@pytest.mark.parametrize("how", ["raises another error", "ends the process"])
def test_a_broken_package_is_named_and_the_rest_is_looked_at(here: Surroundings, package: str, how: str) -> None:
    here.break_package(package, BREAKS[how])
    name = package.replace("_", "-")
    findings = here.findings("--no-window")
    found = about([each for each in findings if each["subject"] == "packages"], f"{name} does not load")
    assert (found["level"], found["cure"]) == ("problem", f"pip install --force-reinstall {name}")
    assert {each["subject"] for each in findings} >= {
        "Python",
        "packages",
        "directories",
        "services",
        "ports",
        "apps",
    }


@pytest.mark.parametrize("how", ["raises ImportError", "raises another error", "is cut short"])
def test_without_click_the_command_says_where_to_look(here: Surroundings, how: str) -> None:
    here.break_package("click", BREAKS[how])
    done = here.run()
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "python -m wesktop.doctor" in done.stderr
    found = about(here.trouble("--no-window", command=AS_MODULE), "click does not load")
    assert found["cure"] == "pip install --force-reinstall click"


@pytest.mark.parametrize("kind", ["file", "link", "foreign"])
def test_a_runtime_directory_that_cannot_be_used_is_raised_and_cured(here: Surroundings, kind: str) -> None:
    if kind == "foreign" and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    place = here.home / "run" / "wesktop"
    if kind == "file":
        place.touch()
    elif kind == "link":
        place.symlink_to(here.home)
    else:
        place.mkdir(mode=0o700)
        os.chown(place, 12345, 12345)
    (found,) = here.trouble("--no-window")
    assert found["subject"] == "directories"
    assert str(place) in found["text"]
    here.cure(found["cure"])
    assert here.trouble("--no-window") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_an_unreadable_runtime_directory_is_raised(here: Surroundings) -> None:
    (here.home / "run").chmod(0)
    try:
        (found,) = here.trouble("--no-window")
    finally:
        (here.home / "run").chmod(0o700)
    assert str(here.home / "run") in found["text"]


def test_a_home_that_cannot_be_written_to_is_raised_and_cured(here: Surroundings) -> None:
    (here.home / "state").write_text("in the way")
    (found,) = here.trouble("--no-window")
    assert (found["level"], found["subject"]) == ("problem", "directories")
    assert "logs" in found["text"]
    here.cure(found["cure"])
    assert here.trouble("--no-window") == []


@needs_root
@pytest.mark.parametrize(
    ("owner", "made", "cure"),
    [
        (None, "", "sudo install -d -m 700 -o $(id -u) '{}/a b/config/wesktop'"),
        (0, "config/wesktop", "sudo chown -R $(id -u) '{}/a b/config/wesktop'"),
        (VICTIM, "config/wesktop", "sudo install -d -m 700 -o $(id -u) '{}/a b/config/wesktop'"),
        (0, "config", "sudo install -d -m 700 -o $(id -u) '{}/a b/config/wesktop'"),
    ],
)
def test_no_cure_gives_away_more_than_the_directory(home: Path, owner: int | None, made: str, cure: str) -> None:
    """A home that is nowhere would have the whole disk given to its user."""
    home.chmod(0o755)
    if owner is not None:
        (home / "a b" / made).mkdir(parents=True)
        os.chown(home / "a b" / made, owner, owner)
    env = {**isolated_env(home / "a b"), "DISPLAY": ""}
    command = [*as_other(), COMMAND, "doctor", "--no-window", "--json"]
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
    found = about(json.loads(done.stdout)["findings"], "options: ")
    assert found["cure"] == cure.format(home)


@needs_root
def test_a_directory_that_another_user_has_made_in_our_place_is_not_taken_over(tmp_path: Path) -> None:
    place = tmp_path / "wesktop 0"
    place.mkdir()
    os.chown(place, OTHER, OTHER)
    assert mend(place) == f"sudo rm -r '{place}'"


def test_a_taken_port_names_its_holder(here: Surroundings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (found,) = here.trouble("--no-window", f"--port={port}")
        assert (found["level"], found["subject"]) == ("problem", "ports")
        assert f"(pid {os.getpid()})" in found["text"]
        assert here.trouble("--no-window") == []
    assert here.trouble("--no-window", f"--port={port}") == []


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_what_is_no_port_is_refused(here: Surroundings, port: str) -> None:
    done = here.run(f"--port={port}")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_running_apps_and_their_ports_are_known(start_app: Start, here: Surroundings) -> None:
    app = start_app()
    here.env = {**app.env, "DISPLAY": ""}
    findings = here.findings("--no-window")
    assert about(findings, "app serves app:app")["level"] == "ok"
    assert about(findings, f"port {app.port}")["text"].endswith("is app's")
    (supervisor,) = [each for each in app.processes() if each.pid == app.status()["pid"]]
    supervisor.send_signal(signal.SIGSTOP)
    try:
        found = about(here.trouble("--no-window"), "app is running, but does not answer")
        assert (found["level"], found["cure"]) == ("problem", "wesktop ctl logs app")
    finally:
        supervisor.send_signal(signal.SIGCONT)


def test_the_port_of_an_app_that_does_not_run_is_to_be_free(start_app: Start, here: Surroundings) -> None:
    app = start_app()
    app.ctl("stop")
    here.env = {**app.env, "DISPLAY": ""}
    with socket.create_server(("127.0.0.1", app.port)):
        found = about(here.trouble("--no-window"), f"port {app.port}")
    assert "(that of app)" in found["text"]


@pytest.mark.parametrize("command", [DOCTOR, AS_MODULE])
@pytest.mark.parametrize("port", ["0", "65536", "-1", "x"])
def test_what_is_no_port_is_usage(here: Surroundings, command: tuple[str, ...], port: str) -> None:
    done = here.run(f"--port={port}", command=command)
    assert (done.returncode, done.stdout) == (2, "")
    assert port in done.stderr


@pytest.mark.parametrize("command", [DOCTOR, AS_MODULE])
def test_without_stdout_the_exit_code_tells(here: Surroundings, command: tuple[str, ...]) -> None:
    done = here.run("--no-window", command=("sh", "-c", 'exec "$@" >&-', "sh", *command))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("given", ["relative", "/nowhere/at/all"])
def test_a_runtime_directory_that_is_passed_over_is_raised(here: Surroundings, given: str) -> None:
    here.env["XDG_RUNTIME_DIR"] = given
    assert about(here.trouble("--no-window"), f"XDG_RUNTIME_DIR={given}")["level"] == "warning"
    here.env.pop("XDG_RUNTIME_DIR")
    assert [each for each in here.trouble("--no-window") if "XDG_RUNTIME_DIR" in each["text"]] == []


def test_an_interpreter_without_the_metadata_is_raised(here: Surroundings) -> None:
    root = Path(__file__).parents[2]
    here.env["PYTHONPATH"] = f"{root}:{root / 'supervisor'}"
    command = (str(Path(sys.base_prefix) / "bin" / "python3"), "-P", "-m", "wesktop.doctor")
    findings = here.findings("--no-window", command=command)
    assert about(findings, "wesktop is not installed")["level"] == "warning"
