"""What is asked for while a supervisor is about to re-execute itself is done, and answered."""

from pathlib import Path

import pytest

from support.running import NAME, Running, starter
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
