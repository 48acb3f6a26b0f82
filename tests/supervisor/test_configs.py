"""Config files: every option comes back from one as it was, by whatever way it travels."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from support.users import OTHER, needs_root
from wesktop.cli.serve import serve
from wesktop.cli.service import serve_arguments
from wesktop.window.opening.options import as_fields
from wesktop.window.spec import WindowSpec
from wesktopd import configs
from wesktopd.errors import ConfigurationError
from wesktopd.options import LIMITS, LOG_FORMATS, SERVER_OPTIONS, Option
from wesktopd.paths import config_file
from wesktopd.spec import AppSpec
from wesktopd.wire.control_messages import Spec, decode_answer, encode

FIELDS = {field.name: field.type for field in msgspec.structs.fields(AppSpec)}
NAMES = st.sampled_from(["app.example", "app.example:8443", "127.0.0.1"])
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def within(option: Option) -> st.SearchStrategy[Any]:
    """All numbers in the option's range."""
    assert option.least is not None
    assert option.most is not None
    if option.kind is int:
        return st.integers(int(option.least), int(option.most))
    return st.floats(option.least, option.most)


CHECKED: dict[str, st.SearchStrategy[Any]] = {  # those whose type says less than what is taken
    "target": st.sampled_from(["app:app", "package.module:made.app", "übung:äpp"]),
    "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}", fullmatch=True),
    "host": st.sampled_from(["127.0.0.1", "::1", "localhost"]),
    "allowed_hosts": st.lists(NAMES),
    "allowed_origins": st.lists(NAMES.map(lambda name: f"http://{name}")),
    "csp": st.none() | st.sampled_from(["", "default-src 'self'"]),
    "second_launch": st.sampled_from(["focus", "window", "app:on_launch"]),
    "window": st.dictionaries(st.text(), VALUES, max_size=4),
    **{option.name: within(option) for option in SERVER_OPTIONS if option.range},
}


def values(name: str, kind: Any) -> st.SearchStrategy[Any]:
    """All that an option can be; for one that is not in `CHECKED`, by its type alone."""
    checked = CHECKED.get(name)
    if checked is None:
        return st.from_type(kind)
    return st.none() | checked if name in LIMITS else checked


SPECS = st.builds(AppSpec, **{name: values(name, kind) for name, kind in FIELDS.items()})


def through_a_file(spec: AppSpec) -> AppSpec:
    """As `wesktop ctl start` has it."""
    return configs.parse(configs.as_toml(msgspec.to_builtins(spec)).encode())


def over_the_wire(spec: AppSpec) -> AppSpec:
    """As a supervisor is told."""
    return msgspec.json.decode(encode(spec), type=AppSpec)


def by_ctl_config(spec: AppSpec) -> AppSpec:
    """As `wesktop ctl config` prints it."""
    answer = decode_answer(encode(Spec(spec=msgspec.to_builtins(spec))))
    assert isinstance(answer, Spec)
    return configs.parse(configs.as_toml(answer.spec).encode())


def by_ctl_config_json(spec: AppSpec) -> AppSpec:
    """As `wesktop ctl config --json` prints it."""
    return msgspec.convert(msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(spec))), AppSpec)


@pytest.mark.parametrize("there_and_back", [through_a_file, over_the_wire, by_ctl_config, by_ctl_config_json])
@given(spec=SPECS)
def test_every_option_comes_back_as_it_was(there_and_back: Callable[[AppSpec], AppSpec], spec: AppSpec) -> None:
    assert there_and_back(spec) == spec


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("there_and_back", [through_a_file, over_the_wire, by_ctl_config, by_ctl_config_json])
def test_no_limit_stays_no_limit(there_and_back: Callable[[AppSpec], AppSpec], name: str) -> None:
    none: dict[str, Any] = {name: None}
    spec = AppSpec(target="app:app", name="app", working_dir="/", **none)
    assert getattr(there_and_back(spec), name) is None


@pytest.mark.parametrize("zero", ["0", "0.0"])
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_person_writes_0_for_no_limit(name: str, zero: str) -> None:
    spec = configs.parse(f"target = 'app:app'\nname = 'app'\nworking_dir = '/'\n{name} = {zero}".encode())
    assert getattr(spec, name) is None


@pytest.mark.parametrize("name", ["drain_timeout", "start_timeout"])
def test_what_has_always_a_limit_is_refused_without(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name} .* 0\.0"):
        configs.parse(f"target = 'app:app'\nname = 'app'\nworking_dir = '/'\n{name} = 0".encode())


LOOKS = st.builds(
    WindowSpec,
    **{
        field.name: st.dictionaries(st.text(), VALUES, max_size=3) if field.name == "options"
        else st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=3) if field.name == "menu"
        else st.from_type(field.type)  # type: ignore[arg-type]
        for field in dataclasses.fields(WindowSpec)
    },
)  # fmt: skip


@given(look=LOOKS)
def test_every_option_of_a_window_comes_back_as_it_was(look: WindowSpec) -> None:
    spec = AppSpec(target="app:app", name="app", working_dir="/", window=as_fields(look))
    assert msgspec.convert(through_a_file(spec).window, WindowSpec) == look


def served(arguments: list[str]) -> dict[str, Any]:
    """What `wesktop serve` is told by these."""
    context: click.Context = serve.make_context("serve", ["app:app", *arguments])
    return {name: value for name, value in context.params.items() if name not in ("target", "name", "detach")}


OPTIONS = {
    name: st.sampled_from(LOG_FORMATS) if name == "log_format" else values(name, kind)
    for name, kind in FIELDS.items()
    if name in served([]) and name != "pid_path"
}


@given(options=st.fixed_dictionaries(OPTIONS))
def test_every_option_of_a_service_comes_back_from_its_command_line(options: dict[str, Any]) -> None:
    lists = {name: tuple(value) for name, value in options.items() if isinstance(value, list)}
    asked = {**served([]), **options, **lists}
    assert served(serve_arguments(asked)) == asked


SPEC = AppSpec(target="app:app", name="app", working_dir="/", port=8001)
WRITTEN = """\
# How the demo is run here.
name = "app"
target = 'app:app'  # see app.py

port = 8001  # the proxy's
working_dir = "/"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the config file is; its directory is there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = config_file("app")
    path.parent.mkdir(0o700, parents=True)
    return path


def kept(spec: AppSpec) -> list[str]:
    """What is said while the spec is kept, which afterwards is what is started."""
    said: list[str] = []
    assert configs.keep(spec, said.append) is not None
    assert configs.load("app") == spec
    return said


def test_a_file_that_says_the_same_stays_as_its_writer_left_it(path: Path) -> None:
    path.write_text(WRITTEN)
    before = path.stat()
    assert kept(SPEC) == []
    assert path.read_text() == WRITTEN
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_says_something_else_is_written_anew_and_lost_comments_are_said(path: Path) -> None:
    path.write_text(WRITTEN)
    (warning,) = kept(replace(SPEC, port=8002))
    assert str(path) in warning
    assert "comments" in warning
    assert kept(replace(SPEC, port=8003)) == []  # there are none any more


@pytest.mark.parametrize("content", ["", "nonsense", "target = 1", "name = 'b'\ntarget = 'b:b'\nworking_dir = '/'"])
def test_a_file_that_makes_no_sense_is_written_anew(path: Path, content: str) -> None:
    path.write_text(content)
    assert kept(SPEC) == []


def test_a_link_stays_and_what_it_leads_to_is_written(path: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "app.toml").write_text(WRITTEN)
    path.symlink_to(repository / "app.toml")
    kept(SPEC)
    assert (repository / "app.toml").read_text() == WRITTEN
    kept(replace(SPEC, port=8002))
    assert path.readlink() == repository / "app.toml"
    assert configs.parse((repository / "app.toml").read_bytes()).port == 8002
    assert [found.name for found in repository.iterdir()] == ["app.toml"]


def test_a_link_that_leads_nowhere_stays_and_is_said(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "gone")
    said: list[str] = []
    assert configs.keep(SPEC, said.append) is None
    assert "its config file cannot be kept" in said[0]
    assert path.is_symlink()


@needs_root
def test_a_link_of_another_user_is_neither_followed_nor_replaced(path: Path, tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    path.symlink_to(tmp_path / "target")
    os.chown(path, OTHER, OTHER, follow_symlinks=False)
    said: list[str] = []
    assert configs.keep(SPEC, said.append) is None
    assert f"is a symbolic link of nobody (uid {OTHER})" in said[0]
    assert (tmp_path / "target").read_bytes() == b""
