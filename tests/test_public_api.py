"""The public names and their signatures, as the documentation has them."""

import importlib
import importlib.metadata
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wesktop

NAMES = [
    "run", "serve", "Router", "create_app", "add_ws_route", "Request", "JSONResponse", "TextResponse", "HTMLResponse",
    "BytesResponse", "StreamResponse", "Broadcaster", "sse_route", "create_entry", "remove_entry",
]  # fmt: skip

# The specified part of each signature: a bare name has no default. What goes beyond it must be a keyword with one.
SIGNATURES = {
    "run": (
        "target, *, title='wesktop', width=1280, height=800, icon=None, host='127.0.0.1', port=8000, pid_path=None"
    ),
    "serve": "target, *, host='127.0.0.1', port=8000, pid_path=None, name='wesktop'",
    "Router": "",
    "create_app": (
        "router, *, middleware=None, static_dir=None, static_path='/assets', spa_fallback=None, "
        "lifespan=None, name=None"
    ),
    "add_ws_route": "path, handler",
    "Request": "scope, path_params=None, body=None",
    "JSONResponse": "data, status=200",
    "TextResponse": "text, content_type='text/plain', status=200, headers=None",
    "HTMLResponse": "html, status=200",
    "BytesResponse": "data, content_type='application/octet-stream', status=200",
    "StreamResponse": "generator, content_type, headers=None",
    "Broadcaster": "buffer_size=256, *, strict=True",
    "sse_route": "broadcaster",
    "create_entry": "name, command, *, icon=None, comment=None, categories=None",
    "remove_entry": "name",
    "Router.get": "path",
    "Router.post": "path",
    "Router.put": "path",
    "Router.patch": "path",
    "Router.delete": "path",
    "Router.add_route": "method, path, handler",
    "Router.match": "method, path",
    "Request.query": "name, default=None, type_=<class 'str'>",
    "Request.header": "name, default=None",
    "Broadcaster.register_event": "name",
    "Broadcaster.broadcast": "event, data",
    "Broadcaster.stream": "request",
}


def resolve(path: str) -> Callable[..., Any]:
    found: Any = wesktop
    for part in path.split("."):
        found = getattr(found, part)
    function: Callable[..., Any] = found
    return function


def parameters(function: Callable[..., Any]) -> list[str]:
    """The parameters as source, without annotations and without self; `*` begins the keywords."""
    parts = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        empty = parameter.default is inspect.Parameter.empty
        parts.append(parameter.name if empty else f"{parameter.name}={parameter.default!r}")
    return parts


def test_all_has_the_15_names() -> None:
    assert sorted(wesktop.__all__) == sorted(NAMES)
    assert len(NAMES) == 15


@pytest.mark.parametrize("name", [*NAMES, "__version__"])
def test_each_name_is_there_and_is_listed(name: str) -> None:
    assert getattr(wesktop, name)
    assert name in dir(wesktop)


@pytest.mark.parametrize("path", SIGNATURES)
def test_signatures_are_the_specified_ones(path: str) -> None:
    specified = [part for part in SIGNATURES[path].split(", ") if part]
    actual = parameters(resolve(path))
    assert actual[: len(specified)] == specified
    further = actual[len(specified) :]
    assert "*" in [*specified, *further[:1]] or not further, "what goes beyond must be keywords"
    assert all(part == "*" or re.fullmatch(r"\w+=.+", part) for part in further), "and have defaults"


@pytest.mark.parametrize(
    ("response", "attributes"),
    [
        (lambda: wesktop.JSONResponse([1], 201), {"data": [1], "status": 201}),
        (
            lambda: wesktop.TextResponse("a", "text/css", 404, {"X-A": "b"}),
            {"text": "a", "content_type": "text/css", "status": 404, "headers": {"X-A": "b"}},
        ),
        (lambda: wesktop.HTMLResponse("<p>", 500), {"html": "<p>", "status": 500}),
        (
            lambda: wesktop.BytesResponse(b"a", "image/png", 206),
            {"data": b"a", "content_type": "image/png", "status": 206},
        ),
    ],
)
def test_responses_keep_their_parameters(response: Callable[[], Any], attributes: dict[str, Any]) -> None:
    made = response()
    assert {name: getattr(made, name) for name in attributes} == attributes


def test_version_is_the_installed_one() -> None:
    assert wesktop.__version__ == importlib.metadata.version("wesktop")


@pytest.mark.parametrize("module", ["asgi", "sse", "server", "desktop", "entries", "errors", "testing"])
def test_documented_modules_exist_and_are_documented(module: str) -> None:
    assert importlib.import_module(f"wesktop.{module}").__doc__


@pytest.mark.parametrize(
    "path", ["dialogs.blocking.open_file", "dialogs.notify", "errors.WesktopError", "open_window"]
)
def test_what_the_documentation_names_is_there_after_import_wesktop_alone(path: str) -> None:
    script = f"import wesktop; assert callable(wesktop.{path})"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)


def test_type_checkers_know_these_too() -> None:
    """As `make lint` has mypy look at this."""
    error: wesktop.errors.WesktopError = wesktop.errors.PortInUseError("")
    assert error.message == ""
    ask: Callable[[str], bool] = wesktop.dialogs.blocking.confirm
    assert callable(ask)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'wesktop' has no attribute 'nothing'"):
        _ = wesktop.nothing


def test_every_public_name_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}" not in readme] == []
