"""AppSpec: what is refused, and what names there are."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from wesktopd.errors import ConfigurationError, TargetError
from wesktopd.spec import MAX_NAME, AppSpec, check_name, default_name, import_root
from wesktopd.target import parse_target


def spec(**changes: Any) -> AppSpec:
    return AppSpec(**{"target": "myapp:app", "name": "myapp", "working_dir": "/", **changes})


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("a:b", ("a", "b")),
        ("pkg.mod:app", ("pkg.mod", "app")),
        ("m:obj.app", ("m", "obj.app")),
        ("übung:äpp", ("übung", "äpp")),
    ],
)
def test_a_target_is_module_and_attribute(target: str, parts: tuple[str, str]) -> None:
    assert parse_target(target) == parts


@pytest.mark.parametrize("target", ["", "a", "a:", ":b", "a:b:c", "a b:c", "a:b()", "a/b:c", "1a:b", "a:b\n"])
def test_a_malformed_target_is_refused_by_its_name(target: str) -> None:
    with pytest.raises(TargetError) as raised:
        spec(target=target)
    assert repr(target) in raised.value.message


@pytest.mark.parametrize("target", [object(), None, 5, lambda: None])
def test_an_object_is_no_target(target: object) -> None:
    with pytest.raises(TargetError, match="must be a string"):
        parse_target(target)


@pytest.mark.parametrize("name", ["a", "A.b_c-1", "x" * MAX_NAME])
def test_names_that_fit(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a/b", "a b", "ä", "a\n", "a\0", "x" * (MAX_NAME + 1)])
def test_names_that_could_not_be_files_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="must not be"):
        spec(name=name)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("myapp:app", "myapp"),
        ("pkg.mod:app", "pkg.mod"),
        ("_private:app", None),
        ("übung:app", None),
        ("m" * 99 + ":a", None),
    ],
)
def test_the_default_name_is_the_module_made_to_fit(target: str, name: str | None) -> None:
    found = default_name(target)
    check_name(found)
    assert name in (None, found)


def test_modules_that_have_to_be_made_to_fit_keep_apart() -> None:
    names = {default_name(f"{module}:app") for module in ("übung", "äbung", "m" * 98, "m" * 99, "_m")}
    assert len(names) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"port": -1}, {"port": 65536}, {"host": ""}, {"drain_timeout": 0}, {"drain_timeout": -1},
        {"start_timeout": float("nan")}, {"start_timeout": float("inf")},
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        spec(**change)


@pytest.mark.parametrize("value", ["focus", "window", "myapp:on_launch", "pkg.mod:obj.f"])
def test_what_a_second_launch_can_do(value: str) -> None:
    assert spec(second_launch=value).calls_function == (":" in value)


@pytest.mark.parametrize("value", ["", "back", "a b:c", "myapp:", ":f", "focus "])
def test_what_a_second_launch_cannot_do_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        spec(second_launch=value)
    assert f"second_launch {value!r}" in raised.value.message


def test_it_survives_the_wire_and_unknown_fields_are_refused() -> None:
    sent = spec(import_path=["/x"], one_shot=True)
    assert msgspec.json.decode(msgspec.json.encode(sent), type=AppSpec) == sent
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"target":"a:b","name":"a","working_dir":"/","prot":1}', type=AppSpec)


@pytest.mark.parametrize(
    ("path", "root"), [(["/a", "/b"], "/a"), ([""], "/work"), (["sub"], "/work/sub"), ([], "/work")]
)
def test_the_import_root_is_the_first_entry_seen_from_the_working_directory(path: list[str], root: str) -> None:
    assert import_root(path, Path("/work")) == str(Path(root).resolve())
