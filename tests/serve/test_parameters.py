"""What `serve()` makes of wrong parameters: one sentence each, before anything is started."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import wesktop
from serve.conftest import Served
from support.running import Running
from support.scripts import Script, free_port, isolated_env, left_behind
from wesktop.errors import BindError, ConfigurationError, PidFileError, TargetError, TargetImportError, WesktopError

FACTORIES = """
data = {"not": "callable"}

def raising():
    raise RuntimeError("no app today")

def returning():
    return data
"""

SECOND = """
import json
import wesktop
from wesktop.errors import WesktopError

try:
    wesktop.serve("demo_app:app", port=0)
except WesktopError as error:
    print(json.dumps([type(error).__name__, error.message]))
"""


@pytest.fixture(autouse=True)
def _own_directories(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in isolated_env(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home)


def refusal(error: type[WesktopError], target: object, **options: object) -> str:
    """The sentence with which `serve()` refuses, by exactly this exception."""
    with pytest.raises(error) as refused:
        wesktop.serve(target, **options)  # type: ignore[arg-type]
    assert type(refused.value) is error
    return refused.value.message


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (5, "must be a string"),
        (lambda: None, "not of type function"),
        ("x", "not 'x': write 'x:app'"),
        ("a:b:c", "not 'a:b:c'"),
        ("src/x.py:app", "not 'src/x.py:app': write 'src.x:app'"),
        ("app.py", "write 'app:app'"),
        ("./app.py:web", "write 'app:web'"),
        ("my-app:app", "rename it to 'my_app' and write 'my_app:app'"),
        ("my-app.py", "write 'my_app:app'"),
        ("", '"myapp:app"'),
    ],
    ids=[
        "a number",
        "an app",
        "no attribute",
        "too many colons",
        "a file",
        "a file alone",
        "a file here",
        "a dash",
        "a file with a dash",
        "nothing",
    ],
)
def test_what_is_no_target_is_refused(home: Path, target: object, said: str) -> None:
    assert said in refusal(TargetError, target)
    assert left_behind(home) == []


@pytest.mark.parametrize(
    ("option", "value", "error", "said"),
    [
        ("port", -1, ConfigurationError, "port must be"),
        ("port", 70000, ConfigurationError, "port must be"),
        ("port", "80", ConfigurationError, "port must be"),
        ("port", True, ConfigurationError, "port must be"),
        ("host", "", ConfigurationError, "host is empty"),
        ("host", "0.0.0.0", ConfigurationError, "host '0.0.0.0' lets other machines in: give 127.0.0.1, or"),
        ("allowed_hosts", "app.example", ConfigurationError, "allowed_hosts must be"),
        ("allowed_origins", [1], ConfigurationError, "allowed_origins must be"),
        ("allowed_origins", ["x"], ConfigurationError, "allowed origin 'x' is not an origin: give one such as"),
        ("session", 1, ConfigurationError, "session must be"),
        ("detach", "x", ConfigurationError, "detach must be"),
        ("detach", 0, ConfigurationError, "detach must be"),
        ("detach", None, ConfigurationError, "detach must be"),
        ("access_log", "x", ConfigurationError, "access_log must be"),
        ("csp", "a\r\nb", ConfigurationError, "csp must be"),
        ("csp", {"img-src": "*"}, ConfigurationError, "csp: 'img-src' must be a list"),
        ("csp", 5, ConfigurationError, "csp must be"),
        ("host", None, ConfigurationError, "host must be"),
        ("name", "", ConfigurationError, "name must not be ''"),
        ("name", "a/b", ConfigurationError, "name must not be 'a/b'"),
        ("name", "..", ConfigurationError, "name must not be '..'"),
        ("name", 5, ConfigurationError, "name must be"),
        ("factory", "no", ConfigurationError, "factory must be"),
        ("factory", 1, ConfigurationError, "factory must be"),
        ("name", "a" * 49, ConfigurationError, f"name must not be '{'a' * 49}'"),
        ("max_rss", 0, ConfigurationError, "max_rss must be"),
        ("drain_timeout", 0, ConfigurationError, "drain_timeout must be"),
        ("drain_timeout", -1.5, ConfigurationError, "drain_timeout must be"),
        ("drain_timeout", float("nan"), ConfigurationError, "drain_timeout must be"),
        ("drain_timeout", float("inf"), ConfigurationError, "drain_timeout must be"),
        ("host", "no.such.invalid", BindError, "host 'no.such.invalid' is not an address of this machine"),
        ("host", "192.0.2.1", BindError, "192.0.2.1 port 8000 cannot be bound"),
        ("pid_path", "missing/app.pid", PidFileError, "PID file '{home}/missing/app.pid' cannot be written"),
        ("pid_path", ".", PidFileError, "PID file '{home}' cannot be read: Is a directory"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(
    home: Path, option: str, value: object, error: type[WesktopError], said: str
) -> None:
    meant = {"allow_remote": True, "session": True} if error is BindError else {}
    message = refusal(error, "nowhere:app", **{option: value, **meant})
    assert message.startswith(said.format(home=home))
    assert message.endswith(".")
    assert "\n" not in message
    assert left_behind(home) == []


@pytest.mark.parametrize("started", ["program", "my-app.py"], ids=["a directory", "a name with a hyphen"])
def test_a_script_that_cannot_be_imported_cannot_serve_itself(home: Path, started: str) -> None:
    (home / "program").mkdir()
    source = "import wesktop\nwesktop.serve(f'{__name__}:app', port=0)\n"
    for path in ("program/__main__.py", "my-app.py"):
        (home / path).write_text(source)
    done = subprocess.run([sys.executable, started], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(" cannot be imported: put the app into a module of its own.")
    assert left_behind(home) == []


def test_a_pid_file_that_holds_something_else_is_left_as_it_is(home: Path) -> None:
    (home / "notes").write_text("buy milk")
    message = refusal(PidFileError, "nowhere:app", pid_path=Path("notes"))
    assert message.startswith(f"PID file '{home}/notes' holds 'buy milk', which is not a PID")
    assert (home / "notes").read_text() == "buy milk"
    assert left_behind(home) == []


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("data", "'made:data' is of type dict, not a function that returns an app."),
        ("raising", "'made:raising' as a factory raised RuntimeError: no app today"),
        ("returning", "'made:returning' is of type dict, not a callable ASGI application."),
    ],
)
def test_a_factory_that_makes_no_app_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, attribute: str, said: str
) -> None:
    (home / "made.py").write_text(FACTORIES)
    monkeypatch.syspath_prepend(str(home))
    assert refusal(TargetImportError, f"made:{attribute}", factory=True, port=0) == said
    assert left_behind(home) == []


def test_a_name_that_runs_is_refused_and_goes_on_running(
    serve: Callable[..., Served], start_script: Callable[..., Script]
) -> None:
    served = serve().ready()
    worker = served.worker()
    second = start_script("second", SECOND)
    assert second.wait() == 0, second.output
    error, message = json.loads(second.output)
    assert error == "AlreadyRunningError"
    assert message.startswith("'demo_app' runs already: stop it with `wesktop ctl stop demo_app`")
    assert served.worker() == worker


def test_a_path_that_is_not_utf_8_is_refused_in_one_line(home: Path) -> None:
    app = Running(home, free_port())
    app.write("one")
    for more in ((), ("--detach",)):
        done = app.command("serve", "app:app", "--pid-path", os.fsdecode(b"\xff.pid"), *more)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "is not UTF-8" in done.stderr
