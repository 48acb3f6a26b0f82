"""Every option agrees with its declaration: signatures, docstrings, command line, config file, reference page."""

import importlib.util
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import wesktop
from wesktop.cli.run import run as run_command
from wesktop.cli.serve import serve as serve_command
from wesktop.options import options_of
from wesktopd.errors import ConfigurationError
from wesktopd.options import RUN, SERVE, SERVER_OPTIONS, Option
from wesktopd.spec import AppSpec

ROOT = Path(__file__).parents[1]
FUNCTIONS: dict[str, Callable[..., None]] = {RUN: wesktop.run, SERVE: wesktop.serve}
COMMANDS: dict[str, click.Command] = {RUN: run_command, SERVE: serve_command}
EVERY = {option.name: option for function in FUNCTIONS for option in options_of(function)}.values()
PAIRS = [
    pytest.param(function, option, id=f"{function}-{option.name}")
    for function in FUNCTIONS
    for option in options_of(function)
]


def default_of(option: Option, function: str) -> object:
    return option.default if function == RUN else option.serve_default


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_declared_options_and_no_others(function: str) -> None:
    parameters = inspect.signature(FUNCTIONS[function]).parameters
    assert {*parameters} - {"target"} == {option.name for option in options_of(function)}


@pytest.mark.parametrize(("function", "option"), PAIRS)
def test_a_signature_has_the_declared_default_and_type(function: str, option: Option) -> None:
    parameter = inspect.signature(FUNCTIONS[function]).parameters[option.name]
    assert parameter.default == default_of(option, function)
    annotation = str(parameter.annotation)
    kinds = {list: "Sequence|Iterable", Path: "Path|str", float: "float", dict: "dict"}
    assert re.search(kinds.get(option.kind, option.kind.__name__), annotation)
    always_named = function == SERVE and option.name == "name"
    assert ("None" in annotation) == (option.none is not None and not always_named)


def entry(function: str, option: Option) -> str:
    """What the docstring says of an option, in one line."""
    text = inspect.getdoc(FUNCTIONS[function]) or ""
    names = "|".join(each.name for each in options_of(function))
    found = re.search(rf"^{option.name}: (.*?)(?=^(?:{names}): |\n\n)", text, re.MULTILINE | re.DOTALL)
    assert found, f"the docstring of {function}() says nothing of {option.name}"
    return " ".join(found[1].split())


@pytest.mark.parametrize(("function", "option"), PAIRS)
def test_a_docstring_has_the_declared_sentence(function: str, option: Option) -> None:
    said = entry(function, option)
    assert option.sentence in said
    if option.none is not None and not (function == SERVE and option.serve_default is not None):
        assert f"None: {option.none}." in said
    if option.range:
        assert option.range.removesuffix(option.unit) in said


@pytest.mark.parametrize("function", COMMANDS)
def test_the_command_line_has_the_declared_options_and_no_others(function: str) -> None:
    given = {parameter.name for parameter in COMMANDS[function].params if isinstance(parameter, click.Option)}
    assert given == {option.name for option in options_of(function) if option.flag is not None}


@pytest.mark.parametrize(
    ("function", "option"),
    [
        pytest.param(function, option, id=f"{function}-{option.name}")
        for function in COMMANDS
        for option in options_of(function)
        if option.flag is not None and option.name not in ("name", "title")  # which the commands find by themselves
    ],
)
def test_a_command_means_by_default_what_the_function_does(function: str, option: Option) -> None:
    given = COMMANDS[function].make_context(function, ["app:app"]).params[option.name]
    default = default_of(option, function)
    assert given == (tuple(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize("option", SERVER_OPTIONS, ids=lambda option: option.name)
def test_the_spec_that_is_sent_to_a_server_has_each_of_its_options(option: Option) -> None:
    least: Any = AppSpec(target="app:app", name="app", working_dir="/")
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    assert getattr(least, option.name) == (option.serve_default if option.name == "session" else default)


@pytest.mark.parametrize("option", [each for each in EVERY if each.range], ids=lambda option: option.name)
def test_a_number_out_of_its_range_is_refused_by_name(option: Option) -> None:
    assert option.least is not None
    assert option.most is not None
    option.check(option.kind(option.least))
    option.check(option.kind(option.most))
    for value in (option.least - 1, option.most + 1, "1", True):
        with pytest.raises(ConfigurationError, match=re.escape(repr(value))) as raised:
            option.check(value)
        assert option.name in raised.value.message


@pytest.mark.parametrize("option", [each for each in EVERY if each.choices], ids=lambda option: option.name)
def test_a_string_that_is_no_choice_is_refused_by_name(option: Option) -> None:
    for choice in option.choices:
        option.check(choice)
    for value in ("", option.choices[0].upper(), 3, [option.choices[0]]):
        with pytest.raises(ConfigurationError, match=re.escape(repr(value))) as raised:
            option.check(value)
        assert option.name in raised.value.message


def test_the_reference_page_is_the_one_that_is_generated() -> None:
    path = ROOT / "scripts" / "options_page.py"
    spec = importlib.util.spec_from_file_location("options_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "options.md").read_text() == module.page(), "run scripts/options_page.py"
