"""What is asked for while a supervisor is about to re-execute itself is done, and answered."""

from pathlib import Path

import pytest

from support.running import NAME, Running, starter


def upgrade_and(app: Running, *verb: str) -> int:
    """The exit code of a verb that is asked for while the installed release is looked at."""
    app.write("two")
    upgrading = app.begin("ctl", "upgrade", NAME)
    code = app.command("ctl", *verb).returncode
    upgrading.wait(30)
    return code


@pytest.mark.parametrize(("verb", "workers"), [(("restart", NAME), 1), (("scale", NAME, "2"), 2)])
def test_a_change_of_the_workers_is_answered(home: Path, verb: tuple[str, ...], workers: int) -> None:
    with starter(home) as start:
        app = start()
        assert upgrade_and(app, *verb) == 0
        app.settled(workers)
        assert app.events().count("upgraded") == 2


def test_a_stop_ends_the_app(home: Path) -> None:
    with starter(home) as start:
        app = start()
        assert upgrade_and(app, "stop", NAME) == 0
        app.nothing_left(5)
