"""From the caller's parameters to the description of the app."""

import os
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from wesktop.target import app_spec
from wesktopd.errors import ConfigurationError, TargetError


def test_an_app_is_imported_as_the_caller_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["scripts", "/elsewhere"])
    spec = app_spec("pkg.mod:app", name=None)
    assert (spec.target, spec.name) == ("pkg.mod:app", "pkg.mod")
    assert (spec.working_dir, spec.import_path) == (str(tmp_path), [str(tmp_path / "scripts")])


def test_a_given_name_is_kept() -> None:
    assert app_spec("mod:app", name="other").name == "other"


@pytest.mark.parametrize("target", [object(), None, "mod", "mod.app"])
def test_what_is_no_target_is_refused(target: object) -> None:
    with pytest.raises(TargetError):
        app_spec(target, name=None)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("host", None),
        ("host", b"::1"),
        ("port", "8000"),
        ("port", 8000.0),
        ("port", True),
        ("drain_timeout", "5"),
        ("drain_timeout", None),
        ("drain_timeout", True),
        ("allowed_hosts", "app.example"),
        ("allowed_hosts", ["app.example", 3]),
        ("pid_path", 3),
    ],
)
def test_an_option_of_the_wrong_type_is_refused_by_its_name(option: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        app_spec("mod:app", name=None, **{option: value})
    assert raised.value.message.startswith(f"{option} must be ")
    assert repr(value) in raised.value.message


@pytest.mark.parametrize("seconds", [1, 0.5])
def test_seconds_may_be_whole_or_not(seconds: float) -> None:
    assert app_spec("mod:app", name=None, drain_timeout=seconds).drain_timeout == seconds


def main_module(*, file: str | None = None, spec: str | None = None) -> types.ModuleType:
    module = types.ModuleType("__main__")
    if file is not None:
        module.__file__ = file
    module.__spec__ = None if spec is None else ModuleSpec(spec, None)
    return module


@pytest.mark.parametrize(
    ("main", "target"),
    [
        (main_module(file="/home/me/notes.py"), "notes:app"),
        (main_module(file="notes.py"), "notes:app"),
        (main_module(file="/home/me/pkg/tool.py", spec="pkg.tool"), "pkg.tool:app"),
        (main_module(file="/home/me/pkg/__main__.py", spec="pkg.__main__"), "pkg.__main__:app"),
    ],
)
def test_main_is_the_module_that_the_script_is_to_others(
    monkeypatch: pytest.MonkeyPatch, main: types.ModuleType, target: str
) -> None:
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert app_spec("__main__:app", name=None).target == target


def test_an_interactive_main_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", main_module())
    with pytest.raises(ConfigurationError, match="interactive"):
        app_spec("__main__:app", name=None)


def test_a_pid_path_is_the_same_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given in ("serve.pid", Path("serve.pid")):
        assert app_spec("app:app", name=None, pid_path=given).pid_path == os.fspath(tmp_path / "serve.pid")
    assert app_spec("app:app", name=None, pid_path=None).pid_path is None
