"""What serve() raises where it cannot serve, and that nothing is left then."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from support.scripts import Script, free_port, left_behind

CALLER = """
import json
import wesktop
from wesktop.errors import WesktopError

try:
    wesktop.serve({target!r}, port={port}, pid_path="serve.pid")
except WesktopError as error:
    print(json.dumps([type(error).__name__, error.message, error.log_tail]))
"""

# serve() leaves the time that an app has to start in at its default of a minute.
IMPATIENT = """
import asyncio, json, os, sys
from wesktopd.daemon.supervisor import Supervisor
from wesktopd.errors import WesktopError
from wesktopd.instance.instance import Instance
from wesktopd.system.posix.stop_signals import StopSignals
from wesktopd.spec import AppSpec

spec = AppSpec(
    target={target!r}, name="impatient", working_dir=os.getcwd(), import_path=[sys.path[0]], port={port},
    pid_path="serve.pid", start_timeout=SECONDS,
)
try:
    with Instance(spec) as instance:
        asyncio.run(Supervisor(instance).run(StopSignals()))
except WesktopError as error:
    print(json.dumps([type(error).__name__, error.message, error.log_tail]))
"""

MODULES = {
    "broken": "print('on the way', flush=True)\n1 / 0",
    "needy": "import no_such_dependency",
    "leaving": "raise SystemExit('not here')",
    "dying": "import os\nprint('last words', flush=True)\nos._exit(7)",
    "shot": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "failing": """
async def app(scope, receive, send):
    print("connecting", flush=True)
    await send({"type": "lifespan.startup.failed", "message": "no database"})
""",
    "exiting": """
import os
async def app(scope, receive, send):
    os._exit(8)
""",
    "plain": "app = 5",
    "wsgi": "import flask\napp = flask.Flask(__name__)",
    "sleeping": "import time\nprint('sleeping', flush=True)\ntime.sleep(600)",
    "waiting": """
import asyncio
async def app(scope, receive, send):
    print("waiting", flush=True)
    await asyncio.sleep(600)
""",
}


class Refusal(NamedTuple):
    """What was raised: the exception's name, its sentence, and the app's log where the app was to blame."""

    error: str
    message: str
    log_tail: str


@pytest.fixture
def refused(start_script: Callable[..., Script], home: Path) -> Callable[..., Refusal]:
    """Serve a target, which is refused, and leaves nothing behind."""

    def serve(target: str, port: int | None = None, caller: str = CALLER) -> Refusal:
        for name, source in MODULES.items():
            (home / f"{name}.py").write_text(source)
        script = start_script("caller", caller.format(target=target, port=free_port() if port is None else port))
        script.wait()
        assert script.tree() == []
        assert left_behind(home) == []
        assert not (home / "serve.pid").exists() or target == "pid:file"
        return Refusal(*json.loads(script.output.splitlines()[-1]))

    return serve


Refused = Callable[..., Refusal]


@pytest.mark.parametrize(
    ("target", "error", "message", "log"),
    [
        ("nowhere:app", "TargetImportError", "no module named 'nowhere' was found; looked first in {home}.", ""),
        ("plain:nothing", "TargetImportError", "'plain:nothing': module 'plain' has no attribute 'nothing'.", ""),
        ("plain:app", "TargetImportError", "'plain:app' is of type int, not a callable ASGI application.", ""),
        ("wsgi:app", "TargetImportError", "'wsgi:app' is a WSGI app (Flask)", ""),
        (
            "broken:app",
            "TargetImportError",
            "module 'broken' does not import: ZeroDivisionError: division by zero",
            "on the way\nTraceback (most recent call last):",
        ),
        (
            "needy:app",
            "TargetImportError",
            "module 'needy' does not import: No module named 'no_such_dependency'.",
            "ModuleNotFoundError: No module named 'no_such_dependency'",
        ),
        ("leaving:app", "TargetImportError", "module 'leaving' does not import: SystemExit: not here", "not here"),
        ("failing:app", "LifespanError", "the lifespan of 'failing:app' failed: no database", "connecting"),
        ("dying:app", "StartupError", "'dying:app' ended before it was ready (exit code 7).", "last words"),
        ("shot:app", "StartupError", "'shot:app' ended before it was ready (killed by SIGKILL).", ""),
        ("exiting:app", "StartupError", "'exiting:app' ended before it was ready (exit code 8).", ""),
    ],
)
def test_an_app_that_does_not_start_is_the_callers_to_hear_of(
    refused: Refused, home: Path, target: str, error: str, message: str, log: str
) -> None:
    refusal = refused(target)
    assert refusal.error == error
    assert refusal.message.startswith(message.format(home=home))
    assert log in refusal.log_tail
    assert bool(log) == bool(refusal.log_tail)


@pytest.mark.parametrize("target", ["sleeping:app", "waiting:app"])
def test_an_app_that_is_never_ready_is_ended_after_its_time(refused: Refused, target: str) -> None:
    for seconds in ("0.5", "4", "32"):  # until it comes as far as to say something, as the load allows
        refusal = refused(target, caller=IMPATIENT.replace("SECONDS", seconds))
        assert refusal[:2] == ("StartupError", f"{target!r} was not ready after {seconds} seconds.")
        if refusal.log_tail:
            break
    assert refusal.log_tail == target.partition(":")[0]


def test_a_port_in_use_is_refused_by_the_name_of_its_holder(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refusal = refused("plain:app", taken.getsockname()[1])
    assert refusal.error == "PortInUseError"
    assert f"(pid {os.getpid()})" in refusal.message


def test_a_pid_file_of_another_process_is_refused_and_left(refused: Refused, home: Path) -> None:
    (home / "serve.pid").write_text(f"{os.getpid()}\n")
    refusal = refused("pid:file")
    assert refusal.error == "PidFileError"
    assert f"(pid {os.getpid()}), which is running" in refusal.message
    assert (home / "serve.pid").read_text() == f"{os.getpid()}\n"
