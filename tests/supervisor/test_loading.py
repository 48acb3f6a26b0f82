"""Finding the app that a target names, and the sentence for each way in which that fails."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wesktopd.errors import TargetImportError
from wesktopd.target import load

MODULE = "loaded_app"

WORKING = """
async def app(scope, receive, send): ...

class holder:
    inner = app

def make():
    return app

data = {}

def make_data():
    return data

def broken():
    raise LookupError("no app today")
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Write the module `loaded_app`, which this process can import until the end of the test."""
    monkeypatch.syspath_prepend(tmp_path)

    def call(source: str) -> None:
        (tmp_path / f"{MODULE}.py").write_text(source)

    yield call
    sys.modules.pop(MODULE, None)


Write = Callable[[str], None]


@pytest.mark.parametrize(
    ("attribute", "factory", "name"), [("app", False, "app"), ("holder.inner", False, "app"), ("make", True, "app")]
)
def test_the_named_callable_is_found(write: Write, attribute: str, factory: bool, name: str) -> None:
    write(WORKING)
    assert load(f"{MODULE}:{attribute}", factory=factory).__name__ == name


@pytest.mark.parametrize(
    ("attribute", "factory", "keyword"),
    [
        ("nothing", False, "attribute 'nothing'"),
        ("holder.nothing", False, "attribute 'holder.nothing'"),
        ("data", False, "callable"),
        ("data", True, "function"),
        ("make_data", True, "callable"),
        ("broken", True, "LookupError: no app today"),
    ],
)
def test_an_attribute_that_is_no_app_is_named(write: Write, attribute: str, factory: bool, keyword: str) -> None:
    write(WORKING)
    with pytest.raises(TargetImportError) as raised:
        load(f"{MODULE}:{attribute}", factory=factory)
    assert f"'loaded_app:{attribute}'" in raised.value.message
    assert keyword in raised.value.message


@pytest.mark.parametrize(
    ("source", "message", "cause"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero", ZeroDivisionError),
        ("def", "SyntaxError: invalid syntax (loaded_app.py, line 1)", SyntaxError),
        ("raise SystemExit(3)", "SystemExit: 3", SystemExit),
        ("import no_such_dependency", "No module named 'no_such_dependency'.", ModuleNotFoundError),
        (
            "from json import nothing_there",
            "ImportError: cannot import name 'nothing_there' from 'json'",
            ImportError,
        ),
    ],
)
def test_a_module_that_does_not_import_says_why(
    write: Write, source: str, message: str, cause: type[BaseException]
) -> None:
    write(source)
    with pytest.raises(TargetImportError) as raised:
        load(f"{MODULE}:app")
    assert repr(MODULE) in raised.value.message
    assert message in raised.value.message
    assert isinstance(raised.value.__cause__, cause)


@pytest.mark.parametrize(
    ("module", "missing"),
    [("nowhere", "nowhere"), ("nowhere.deep", "nowhere"), ("json.nowhere", "json.nowhere")],
)
def test_a_module_that_is_not_there_is_raised_from_one_that_needs_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, missing: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TargetImportError) as raised:
        load(f"{module}:app")
    assert repr(missing) in raised.value.message
    assert str(tmp_path) in raised.value.message
    assert raised.value.__cause__ is None
