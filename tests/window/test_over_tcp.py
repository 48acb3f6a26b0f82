"""Windows where the control socket is reached by TCP, as where there are no Unix sockets."""

import subprocess
from collections.abc import Callable

import pytest

from support.running import COMMAND
from support.scripts import isolated_env
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window


def test_a_window_attaches_and_a_further_one_looks_like_it(show: Callable[..., Shown]) -> None:
    shown = show('title="Notes", debug=True, background="#123456"', WESKTOP_CONTROL="tcp")
    shown.hear("drawn")
    env = {**isolated_env(shown.home), "WESKTOP_CONTROL": "tcp", "DISPLAY": shown.screen.display}
    done = subprocess.run(
        [COMMAND, "ctl", "open", shown.name, "--path", "/"],
        env=env, capture_output=True, text=True, timeout=80, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown.hear("drawn", 2)
    wait_for(lambda: len(shown.screen.windows(shown.name)) == 2, "two windows")
    assert {shown.screen.title(window) for window in shown.screen.windows(shown.name)} == {"Notes"}
