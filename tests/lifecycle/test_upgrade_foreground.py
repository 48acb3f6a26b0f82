"""Upgrades of a supervisor in the foreground: its process stays for those who wait for it, and passes signals on."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.running import COMMAND, NAME, Running, Start
from support.upgrading import supervisors, upgrade
from support.waiting import wait_for


@pytest.fixture
def foreground(start_app: Start, home: Path) -> Iterator[tuple[Running, "subprocess.Popen[bytes]"]]:
    """The app, as `wesktop serve` runs it in a terminal; upgraded twice."""
    app = start_app()
    app.ctl("stop", NAME)
    command = [COMMAND, "serve", "app:app", "--port", str(app.port)]
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, env=app.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_for(lambda: app.command("ctl", "wait", NAME, "--timeout", "0").returncode == 0, "the app")
        for _ in range(2):
            upgrade(app)
        wait_for(lambda: len(supervisors(app)) == 1, "the end of the one between")
        yield app, process
    finally:
        process.kill()
        process.wait()


Foreground = tuple[Running, "subprocess.Popen[bytes]"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_process_in_the_foreground_ends_the_app(foreground: Foreground, number: int) -> None:
    app, process = foreground
    assert process.poll() is None
    process.send_signal(number)
    assert process.wait(20) == 0
    app.nothing_left(2)


def test_a_second_signal_does_not_wait_for_requests(foreground: Foreground, home: Path) -> None:
    app, process = foreground
    with app.begin_request("/block"):
        wait_for((home / "blocked").exists, "the request")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: app.command("ctl", "status", NAME, "--json").stdout.find('"stopping"') > 0, "the stop")
        process.send_signal(signal.SIGTERM)
        process.wait(3)
        app.nothing_left(2)


def test_a_stop_ends_the_process_in_the_foreground(foreground: Foreground) -> None:
    app, process = foreground
    app.ctl("stop", NAME)
    assert process.wait(20) == 0
    app.nothing_left(2)


def test_a_signal_to_all_processes_waits_for_requests(foreground: Foreground, home: Path) -> None:
    """As a service manager ends a control group: the supervisor has the signal, and the word of the first process."""
    app, process = foreground
    with app.begin_request("/held") as held, held.makefile("rb") as answer:
        wait_for((home / "held").exists, "the request")
        os.kill(app.status()["pid"], signal.SIGTERM)
        process.terminate()
        wait_for(lambda: app.events()[-1] == "stopping", "the stop")
        (home / "go").touch()
        assert b"200" in answer.readline()
    assert process.wait(20) == 0
    app.nothing_left(2)


def test_no_supervisor_before_is_left_as_a_zombie(foreground: Foreground) -> None:
    _, process = foreground

    def zombies() -> list[psutil.Process]:
        children = psutil.Process(process.pid).children()
        return [child for child in children if child.status() == psutil.STATUS_ZOMBIE]

    wait_for(lambda: not zombies(), "the end of the one between")


def test_when_the_process_in_the_foreground_is_killed_the_app_ends(foreground: Foreground) -> None:
    app, process = foreground
    process.kill()
    process.wait()
    app.nothing_left(20)


def test_when_the_supervisor_is_killed_the_process_in_the_foreground_ends_and_says_so(
    foreground: Foreground, home: Path
) -> None:
    app, process = foreground
    os.kill(app.status()["pid"], signal.SIGKILL)
    assert process.wait(20) == 1
    wait_for(lambda: not app.processes(), "the end of all")
    assert "wesktop: the supervisor of 'app' has ended unasked.\n" in (home / "output").read_text()


def test_what_is_printed_still_comes_to_the_terminal(foreground: Foreground, home: Path) -> None:
    app, _ = foreground
    app.write("two", 'print("from the new code", flush=True)')
    app.ctl("restart", NAME)
    wait_for(lambda: "from the new code" in (home / "output").read_text(), "the line")
