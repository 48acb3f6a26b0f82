"""What `run()` raises where it cannot do what it was asked for: once, in the caller, leaving nothing behind."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from support.scripts import Script, left_behind
from support.waiting import wait_for
from wesktop.window.backends import PIP_QT, gtk_install_line
from window.images import png
from window.shown import processes_of

pytestmark = pytest.mark.window

CALLER = """
import json
import wesktop

async def app(scope, receive, send):
    raise RuntimeError("not served")

data = {{"not": "callable"}}

def no_factory():
    raise RuntimeError("no app today")

if __name__ == "__main__":
    try:
        wesktop.run({arguments})
    except Exception as error:
        print(json.dumps([type(error).__name__, error.message, error.log_tail]))
    else:
        print('["nothing", "", ""]')
"""

MODULES = {
    "broken": "import json\nprint('on the way')\njson.loads('{')",
    "needy": "import no_such_dependency",
    "leaving": "raise SystemExit('not here')",
    "failing": """
from contextlib import asynccontextmanager
import wesktop

@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = wesktop.create_app(wesktop.Router(), lifespan=lifespan)
""",
    "dying": "import os\nprint('last words', flush=True)\nos._exit(7)",
}


class Refusal(NamedTuple):
    """What was raised: the exception's name, its sentence, and the app's log where the app was to blame."""

    error: str
    message: str
    log_tail: str


Refuse = Callable[..., Refusal]


@pytest.fixture
def refuse(start: Callable[..., Script], home: Path) -> Refuse:
    """Call `run(arguments)`, given as source, in a process of its own; nothing is left of it."""
    for name, source in MODULES.items():
        (home / f"{name}.py").write_text(source)

    def call(arguments: str, **env: str) -> Refusal:
        script = start("demo", CALLER.format(arguments=arguments), **env)
        assert script.wait() == 0, script.output
        # WebKit's own processes notice a moment later that their window's is gone.
        wait_for(lambda: not processes_of(home), lambda: f"the end of all its processes; output: {script.output}", 2)
        assert left_behind(home) == []
        return Refusal(*json.loads(script.output.splitlines()[-1]))

    return call


SIZES = "give 100 to 16384 pixels."


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ("app", "TargetError", "target must be a string"),
        ("None", "TargetError", "NoneType"),
        ("'demo'", "TargetError", "not 'demo'"),
        ("'a b:app'", "TargetError", "not 'a b:app'"),
        ("'demo:app', width=0", "ConfigurationError", "width must be"),
        ("'demo:app', height=-1", "ConfigurationError", "height must be"),
        ("'demo:app', width=10**6", "ConfigurationError", "width must be"),
        ("'demo:app', width=True", "ConfigurationError", "width must be"),
        ("'demo:app', height=640.0", "ConfigurationError", "height must be"),
        ("'demo:app', background='red'", "ConfigurationError", "background 'red' is not a colour"),
        ("'demo:app', title=5", "ConfigurationError", "title must be"),
        ("'demo:app', debug='x'", "ConfigurationError", "debug must be"),
        ("'demo:app', keep_alive='x'", "ConfigurationError", "keep_alive must be"),
        ("'demo:app', port=80000", "ConfigurationError", "port must be"),
        ("'demo:app', port='8000'", "ConfigurationError", "port must be"),
        ("'demo:app', name='a/b'", "ConfigurationError", "not be 'a/b'"),
        ("'demo:app', drain_timeout=0", "ConfigurationError", "drain_timeout must be"),
        ("'demo:app', gui='foo'", "ConfigurationError", "gui must be"),
        ("'demo:app', window={'unknown': 1}", "ConfigurationError", "window option 'unknown' is unknown: pywebview"),
        ("'demo:app', window={'title': 'x'}", "ConfigurationError", "window option 'title' is unknown"),
        ("'demo:app', window={'x': object()}", "ConfigurationError", "window option 'x' must be"),
        ("'demo:app', window={'min_size': 5}", "ConfigurationError", "window option 'min_size' must be"),
        ("'demo:app', icon='none.png'", "ConfigurationError", "icon 'none.png' cannot be read: No such file"),
        ("'demo:app', icon='.'", "ConfigurationError", "icon '.' cannot be read: Is a directory."),
        ("'demo:app', icon='demo.py'", "ConfigurationError", "icon 'demo.py' is not an image: give a PNG"),
        ("'demo:app', host='no.invalid', allow_remote=True", "BindError", "host 'no.invalid' is not an address of"),
        ("'demo:app', host='0.0.0.0'", "ConfigurationError", "host '0.0.0.0' lets other machines in: give 127.0.0.1"),
        ("'demo:app', host='192.0.2.1', allow_remote=True", "BindError", "192.0.2.1 port 8000 cannot be bound"),
        ("'nowhere:app', port=0", "TargetImportError", "no module named 'nowhere' was found; looked first in "),
        ("'demo:missing', port=0", "TargetImportError", "'demo:missing': module 'demo' has no attribute 'missing'."),
        ("'demo:data', port=0", "TargetImportError", "'demo:data' is of type dict, not a callable ASGI application."),
        ("'demo:no_factory', factory=True, port=0", "TargetImportError", "raised RuntimeError: no app today"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(refuse: Refuse, arguments: str, error: str, message: str) -> None:
    refusal = refuse(arguments)
    assert refusal.error == error
    assert message in refusal.message


@pytest.mark.parametrize(
    ("module", "error", "message", "log"),
    [
        ("broken", "TargetImportError", "module 'broken' does not import: JSON", ["on the way", "broken.py"]),
        ("needy", "TargetImportError", "module 'needy' does not import: No module named 'no_such_dep", ["needy.py"]),
        ("leaving", "TargetImportError", "module 'leaving' does not import: SystemExit: not here", ["leaving.py"]),
        ("failing", "LifespanError", "the lifespan of 'failing:app' failed", ["RuntimeError: no database"]),
        ("dying", "StartupError", "'dying:app' ended before it was ready (exit code 7).", ["last words"]),
    ],
)  # fmt: skip
def test_an_app_that_does_not_start_is_quoted(
    refuse: Refuse, module: str, error: str, message: str, log: list[str]
) -> None:
    refusal = refuse(f"'{module}:app', port=0")
    assert refusal.error == error
    assert message in refusal.message
    assert [line for line in log if line not in refusal.log_tail] == []


def test_an_icon_that_is_cut_short_is_refused_before_there_is_a_window(refuse: Refuse, home: Path) -> None:
    (home / "cut.png").write_bytes(png((1, 2, 3), 64)[:60])
    refusal = refuse("'demo:app', icon='cut.png', port=0")
    assert refusal.error == "ConfigurationError"
    assert refusal.message.startswith(f"icon '{home}/cut.png' cannot be loaded: ")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DISPLAY": ""}, "neither WAYLAND_DISPLAY nor DISPLAY is set"),
        ({"DISPLAY": ":999"}, "DISPLAY=':999' does not answer"),
        ({"DISPLAY": "nonsense"}, "DISPLAY='nonsense' does not answer"),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": "wayland-9"}, "WAYLAND_DISPLAY='wayland-9' does not answer"),
    ],
)
def test_without_a_display_run_says_so(refuse: Refuse, env: dict[str, str], said: str) -> None:
    refusal = refuse("'demo:app', port=0", **env)
    assert refusal.error == "NoDisplayError"
    assert f"there is no display: {said}. Start it from" in refusal.message
    assert "xvfb-run -a python" in refusal.message


def test_without_a_toolkit_run_says_what_installs_one(refuse: Refuse, home: Path) -> None:
    (home / "none" / "gi").mkdir(parents=True)
    (home / "none" / "gi" / "__init__.py").write_text("raise ImportError('not built for this Python')")
    refusal = refuse("'demo:app', gui='gtk', port=0", PYTHONPATH=str(home / "none"))
    assert refusal.error == "NoBackendError"
    assert f"Install one: {gtk_install_line(Path('/etc/os-release')) or PIP_QT}" in refusal.message


# As one that no check foresees: pywebview itself hands the toolkit what it cannot use.
UNFORESEEN = """
import sys
if "wesktop.window" in sys.orig_argv:
    from webview.window import Window
    Window.min_size = property(lambda self: 5, lambda self, value: None)
"""


@pytest.mark.parametrize("gui", ["gtk", pytest.param("qt", marks=pytest.mark.qt)])
def test_what_a_toolkit_raises_while_the_window_is_created_is_raised_by_run(
    refuse: Refuse, home: Path, gui: str
) -> None:
    (home / "unforeseen").mkdir()
    (home / "unforeseen" / "sitecustomize.py").write_text(UNFORESEEN)
    refusal = refuse(f"'demo:app', gui={gui!r}, port=0", PYTHONPATH=str(home / "unforeseen"))
    assert refusal.error == "WindowError"
    assert "(TypeError: 'int' object is not subscriptable)" in refusal.message


# A library of the engine that lacks something of which the page's rules are made.
RULELESS = """
import sys
if "wesktop.window" in sys.orig_argv:
    sys.modules["wesktop.window.{gui}.policy"] = None
"""


@pytest.mark.parametrize("gui", ["gtk", pytest.param("qt", marks=pytest.mark.qt)])
def test_no_window_opens_whose_page_would_be_under_no_rules(refuse: Refuse, home: Path, gui: str) -> None:
    (home / "ruleless").mkdir()
    (home / "ruleless" / "sitecustomize.py").write_text(RULELESS.format(gui=gui))
    refusal = refuse(f"'demo:app', gui={gui!r}, port=0", PYTHONPATH=str(home / "ruleless"))
    assert refusal.error == "WindowError"
    assert f"wesktop.window.{gui}.policy" in refusal.message


def test_a_port_in_use_names_its_holder(refuse: Refuse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        refusal = refuse(f"'demo:app', port={port}")
    assert refusal.error == "PortInUseError"
    assert f"port {port} on 127.0.0.1 is in use by " in refusal.message
    assert f"(pid {os.getpid()}): stop it, or give another port" in refusal.message


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("app.pid", "hello", "'hello'"),
        ("app.pid", f"{os.getpid()}\n", f"(pid {os.getpid()}), which is running"),
        ("app.pid", "-1\n", "'-1'"),
        ("missing/app.pid", None, "cannot be written: No such file or directory."),
        (".", None, "cannot be read: Is a directory."),
    ],
    ids=["garbage", "somebody else's", "a group", "no directory", "a directory"],
)
def test_a_pid_file_that_is_not_ours_is_left_as_it_is(
    refuse: Refuse, home: Path, path: str, content: str | None, message: str
) -> None:
    if content is not None:
        (home / path).write_text(content)
    refusal = refuse(f"'demo:app', pid_path={path!r}, port=0")
    assert refusal.error == "PidFileError"
    assert refusal.message.startswith("PID file '")
    assert message in refusal.message
    assert content is None or (home / path).read_text() == content
