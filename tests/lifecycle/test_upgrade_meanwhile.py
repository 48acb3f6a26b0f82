"""What is asked for while another supervisor is about to take over is done, and answered."""

import json
import os
import signal
from pathlib import Path

import pytest

from support.running import NAME, Running, Start, starter
from support.upgrading import install
from support.waiting import wait_for


def upgrade_and(app: Running, *verb: str) -> None:
    """Ask for something while the installed release is looked at."""
    app.write("two")
    upgrading = app.begin("ctl", "upgrade", NAME)
    done = app.command("ctl", *verb)
    upgrading.wait(30)
    assert done.returncode == 0, f"{done.stderr}; upgrade: {upgrading.returncode}; {app.logs()}"


@pytest.mark.parametrize(("verb", "workers"), [(("restart", NAME), 1), (("scale", NAME, "2"), 2)])
def test_a_change_of_the_workers_is_answered(home: Path, verb: tuple[str, ...], workers: int) -> None:
    with starter(home) as start:
        app = start()
        upgrade_and(app, *verb)
        app.settled(workers)
        assert app.events().count("upgraded") == 2


def test_a_stop_ends_the_app(home: Path) -> None:
    with starter(home) as start:
        app = start()
        upgrade_and(app, "stop", NAME)
        app.nothing_left(5)


def test_a_stop_does_not_wait_for_a_release_that_does_not_load(home: Path) -> None:
    with starter(home) as start:
        app = start(PYTHONPATH=str(home / "installed"))
        (home / "installed").mkdir()
        (home / "installed" / "sitecustomize.py").write_text(
            "import os, pathlib, sys, time\n"
            "if 'wesktopd.successor' in sys.orig_argv:\n"
            f"    pathlib.Path({str(home)!r}, 'checking').write_text(str(os.getpid()))\n"
            "    time.sleep(600)\n"
        )
        upgrading = app.begin("ctl", "upgrade", NAME)
        wait_for((home / "checking").exists, "the look at the installed release")
        app.ctl("stop", NAME)
        assert upgrading.wait(20) == 3
        app.nothing_left(5)


PAUSED = """            Path("paused").touch()
            while not Path("go on").exists():
                await asyncio.sleep(0.01)
"""


@pytest.mark.parametrize("how", ["request", "signal"])
def test_a_stop_in_the_last_moment_before_the_handover_ends_the_app(start_app: Start, home: Path, how: str) -> None:
    """Those who are connected are still heard then."""
    app = start_app("--drain-timeout", "60", PYTHONPATH=str(home / "packages"))
    app.ctl("stop", NAME)
    install(home, "upgrade/old_supervisor.py", "            await asyncio.sleep(0)\n", PAUSED)
    install(home, "upgrade/old_supervisor.py", "import asyncio\n", "import asyncio\nfrom pathlib import Path\n")
    app = start_app("--drain-timeout", "60", PYTHONPATH=str(home / "packages"))
    old = app.status()["pid"]
    log = home / "state" / "wesktop" / "log" / f"{NAME}.log"
    stops = log.read_text().count("stopping, ")
    with (
        app.begin_request("/held") as held,  # for which the old one stays until it has handed over
        app.control_connection() as connection,
        connection.makefile("rb") as answers_to,
    ):
        wait_for((home / "held").exists, "the request")
        connection.sendall(b'{"type":"status","id":6}\n')
        answers_to.readline()
        upgrading = app.begin("ctl", "upgrade", NAME)
        wait_for((home / "paused").exists, "the end of accepting")
        if how == "request":
            connection.sendall(b'{"type":"stop","id":7}\n')
            assert json.loads(answers_to.readline()) == {"type": "done", "id": 7, "note": ""}
        else:
            os.kill(old, signal.SIGTERM)
            wait_for(lambda: log.read_text().count("stopping, ") > stops, "the signal to be heard")
        (home / "go on").touch()
        assert upgrading.wait(30) == 3
        (home / "go").touch()
        with held.makefile("rb") as answer:
            assert b"200" in answer.readline()
    app.nothing_left(5)
