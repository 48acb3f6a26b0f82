"""WSGI apps are recognised, and nothing else is taken for one."""

from typing import Any

import flask
import pytest
from a2wsgi import WSGIMiddleware

from wesktop.asgi import Router, create_app
from wesktopd.wsgi import is_wsgi, wrapped


def wsgi(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"wsgi"]


async def asgi(_scope: Any, _receive: Any, _send: Any) -> None: ...


class Asgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    async def method(self, scope: Any, receive: Any, send: Any) -> None: ...


class Asgi2:
    """As of version 2: called with the scope, it returns what is called with the rest."""

    def __init__(self, scope: Any) -> None: ...

    async def __call__(self, receive: Any, send: Any) -> None: ...


class Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        raise NotImplementedError

    def method(self, environ: Any, start_response: Any) -> list[bytes]:
        raise NotImplementedError


class Dash:
    server = flask.Flask("dash")


@pytest.mark.parametrize("app", [wsgi, Wsgi(), Wsgi().method, flask.Flask("app")])
def test_a_wsgi_app_is_recognised(app: object) -> None:
    assert is_wsgi(app)


@pytest.mark.parametrize(
    "app",
    [asgi, Asgi(), Asgi().method, Asgi2, create_app(Router()), WSGIMiddleware(wsgi), lambda *_: None, None, 5, print],
)
def test_no_other_object_is_taken_for_one(app: object) -> None:
    assert not is_wsgi(app)
    assert wrapped(app, "m:a") is None


@pytest.mark.parametrize(("app", "expression"), [(flask.Flask("app"), "(site.app)"), (Dash(), "(site.app.server)")])
def test_the_message_has_the_line_that_wraps_it(app: object, expression: str) -> None:
    sentence = wrapped(app, "pages.web:site.app")
    assert sentence is not None
    for part in ("'pages.web:site.app'", f"a2wsgi.WSGIMiddleware{expression}", "'pages.web:asgi'", "pip install"):
        assert part in sentence
