"""Which values of BROWSER are refused: those of which webbrowser could start nothing."""

import subprocess
import sys

import pytest

# In a process of its own: webbrowser reads BROWSER once.
CHECK = """
import os
from wesktop.cli.ctl.browser import check_browser
from wesktop.errors import WindowError

try:
    check_browser(os.environ["BROWSER"])
except WindowError as error:
    print(error.message)
"""


def refusal(browser: str) -> str:
    """What is said of it; nothing where it is not refused."""
    env = {"PATH": "/usr/bin:/bin", "BROWSER": browser}
    done = subprocess.run(
        [sys.executable, "-c", CHECK], env=env, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    "browser",
    [
        "",
        ":",
        "true",
        "/bin/true",
        "/nosuch:true",
        "/bin/true --new %s",
        "true '%s' &",
        "/nosuch %s &:/bin/true %s",
    ],
)
def test_what_can_be_run_passes(browser: str) -> None:
    assert refusal(browser) == ""


@pytest.mark.parametrize(
    "browser",
    [
        "/nosuch",
        "nosuch",
        "/tmp",
        "/nosuch:nosuch2",
        "/nosuch %s",
        "/nosuch --new %s &",
        "true --new",  # without %s it is the name of a program, blank and all
        "true '%s",
        " ",
    ],
)
def test_what_cannot_be_run_is_named(browser: str) -> None:
    assert refusal(browser).startswith(f"BROWSER {browser!r} cannot be run: ")
