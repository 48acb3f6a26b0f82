"""`run(debug=True)`: the developer is shown much, and nobody a secret."""

import contextlib
import re
import subprocess
from collections.abc import Callable

import psutil
import pytest

from support.running import COMMAND
from support.scripts import isolated_env, running_from
from support.waiting import wait_for
from wesktopd.guard.tokens import OPEN_PATH
from window.shown import Shown

pytestmark = pytest.mark.window

SECRET = re.compile(r"[0-9a-f]{64}")


@pytest.mark.parametrize("log", ["", "debug"])
def test_no_secret_is_shown_with_the_addresses_that_are_loaded(show: Callable[..., Shown], log: str) -> None:
    options, env = ("debug=True", {}) if not log else ("", {"PYWEBVIEW_LOG": log})
    shown = show(options, 'waits="first"', **env)
    assert shown.window  # with its splash: the page is loaded when there is a server
    (shown.home / "go").touch()
    shown.hear("drawn")
    wait_for(lambda: "Loading URL" in shown.script.output, lambda: shown.script.output)
    commands = []
    for process in running_from(shown.home):
        with contextlib.suppress(psutil.Error):
            commands += [" ".join(process.cmdline()), str(process.environ())]

    def ctl(*arguments: str) -> str:
        env = isolated_env(shown.home)
        return subprocess.run(
            [COMMAND, "ctl", *arguments], env=env, capture_output=True, text=True, check=True, timeout=50
        ).stdout

    told = [ctl(verb, shown.name) for verb in ("logs", "events", "status", "config")]
    for text in (shown.script.output, *commands, *told):
        assert not SECRET.search(text), text
        assert OPEN_PATH not in text, text
    assert (
        f"Loading URL: {shown.origin}/ (let a browser in by `wesktop ctl open demo --browser`)" in shown.script.output
    )
