"""What the app layer is not to be given: refused at once, by name and value."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from asgi.memory import Exchange, http_scope, request
from wesktop.asgi import (
    BytesResponse,
    Cookie,
    FileResponse,
    HTMLResponse,
    HTTPError,
    JSONResponse,
    RedirectResponse,
    Router,
    StreamResponse,
    TextResponse,
    add_ws_route,
    create_app,
)


async def chunks(*made: Any) -> AsyncIterator[Any]:
    for chunk in made:
        yield chunk


def plain(_request: Any) -> str:
    return "plain"


def nothing(_app: Any) -> None:
    """Middleware that returns no app."""


def respond(kind: str, *given: Any, **more: Any) -> Callable[[], object]:
    """Making a response of what is given, whatever the type checker would say to that."""
    kinds: dict[str, Callable[..., object]] = {
        "bytes": BytesResponse, "file": FileResponse, "html": HTMLResponse, "json": JSONResponse, "error": HTTPError,
        "text": TextResponse, "redirect": RedirectResponse,
        "stream": lambda *a, **m: StreamResponse(chunks(), *a, **m),
    }  # fmt: skip
    return lambda: kinds[kind](*given, **more)


def app(**given: Any) -> Callable[[], object]:
    return lambda: create_app(given.pop("router", Router()), **given)


def route(method: Any = "GET", path: Any = "/", **more: Any) -> Callable[[], object]:
    return lambda: Router().add_route(method, path, plain, **more)


def include(*given: Any) -> Callable[[], object]:
    return lambda: Router().include(*given)


def socket_route(path: Any, handler: Any) -> Callable[[], object]:
    return lambda: add_ws_route(path, handler)


LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (respond("bytes", "abc"), "data must be .*not 'abc'"),
        (respond("bytes", 3), "data must be .*not 3"),
        (respond("bytes", None), "data must be .*not None"),
        (respond("bytes", [1]), r"data must be .*not \[1\]"),
        (respond("bytes", LONG), r"data must be .*not 'x{99}\.\.\."),
        (respond("bytes", b"", 5), "content_type must be .*not 5"),
        (respond("text", 5), "text must be .*not 5"),
        (respond("text", b"5"), "text must be .*not b'5'"),
        (respond("text", "", 5), "content_type must be .*not 5"),
        (respond("html", 5), "html must be .*not 5"),
        (respond("html", None), "html must be .*not None"),
        (respond("html", "a", status="x"), "status must be .*not 'x'"),
        (respond("json", {}, 200.0), r"status must be .*not 200\.0"),
        (respond("json", {}, None), "status must be .*not None"),
        (respond("json", {}, headers=5), r"headers must be .*not 5"),
        (respond("json", {}, headers="X-A"), "headers must be .*not 'X-A'"),
        (respond("json", {}, cookies={"a": 5}), "cookie 'a' has a value of type int, not str"),
        (lambda: Cookie("a", "b", max_age="1"), "cookie 'a': max_age must be .*not '1'"),  # type: ignore[arg-type]
        (respond("redirect", 5), "url must be .*not 5"),
        (respond("stream", 5), "content_type must be .*not 5"),
        (respond("stream", "text/plain", status="x"), "status must be .*not 'x'"),
        (respond("file", 5), "path must be .*not 5"),
        (respond("file", "a", content_type=5), "content_type must be .*not 5"),
        (respond("file", "a", download_name=5), "download_name must be .*not 5"),
        (respond("error", "404"), "status must be .*not '404'"),
        (app(router=5), "router must be .*not 5"),
        (app(middleware=5), "middleware must be .*not 5"),
        (app(middleware=dict), "middleware must be .*not <class 'dict'>"),
        (app(middleware="Gzip"), "middleware must be .*not 'Gzip'"),
        (app(middleware=[5]), "middleware must contain .*not 5"),
        (app(middleware=[nothing]), "middleware <function nothing at .*not None"),
        (app(max_body_size="x"), "max_body_size must be .*not 'x'"),
        (app(max_body_size=1.5), r"max_body_size must be .*not 1\.5"),
        (app(max_form_parts=True), "max_form_parts must be .*not True"),
        (app(body_timeout="x"), "body_timeout must be .*not 'x'"),
        (app(write_timeout=True), "write_timeout must be .*not True"),
        (app(static_cache_size="x"), "static_cache_size must be .*not 'x'"),
        (app(static_cache_size=None), "static_cache_size must be .*not None"),
        (app(static_dir=5), "static_dir must be .*not 5"),
        (app(static_dir=".", static_path=5), "static_path must be .*not 5"),
        (app(spa_fallback=5), "spa_fallback must be .*not 5"),
        (app(static_dotfiles="no"), "static_dotfiles must be .*not 'no'"),
        (app(redirect_slashes=1), "redirect_slashes must be .*not 1"),
        (app(debug="x"), "debug must be .*not 'x'"),
        (app(name=5), "name must be .*not 5"),
        (route(method=5), "method must be .*not 5"),
        (route(path=5), "pattern must be .*not 5"),
        (route(stream="x"), "stream must be .*not 'x'"),
        (route(max_body_size="x"), "max_body_size must be .*not 'x'"),
        (include(5), "router must be .*not 5"),
        (include(Router(), 5), "prefix must be .*not 5"),
        (socket_route("/x", 5), "handler 5 cannot be called"),
        (socket_route(5, plain), "WebSocket path must be .*not 5"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name_and_value(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(TypeError, match=f"^{sentence}"):
        make()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (app(static_cache_size=-1), "static_cache_size must be .*not -1"),
        (app(body_timeout=float("nan")), "body_timeout must be above zero, not nan"),
        (route(max_body_size=-2), "max_body_size must be .*not -2"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name_and_value(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        make()


@pytest.mark.parametrize("data", [b"abcd", bytearray(b"abcd"), memoryview(b"abcd"), memoryview(b"abcd").cast("I")])
def test_what_is_like_bytes_is_sent_as_bytes(data: Any) -> None:
    for response in (BytesResponse(data), StreamResponse(chunks(data), "text/plain")):
        answer = request(response)
        assert answer.body == b"abcd"
        assert {type(chunk) for chunk in answer.chunks} == {bytes}
    assert request(BytesResponse(data)).header("content-length") == "4"


@pytest.mark.parametrize(
    ("chunk", "sentence"),
    [(5, "chunk must be .*not 5"), (None, "chunk must be .*not None"), (["a"], r"chunk must be .*not \['a'\]")],
)
def test_a_chunk_that_cannot_be_sent_ends_the_stream_as_an_error(chunk: Any, sentence: str) -> None:
    exchange = Exchange(StreamResponse(chunks("first", chunk, "last"), "text/plain"), http_scope())
    with pytest.raises(TypeError, match=f"^{sentence}.*yield bytes"):
        asyncio.run(exchange.run())
    assert (exchange.answer.chunks, exchange.answer.complete) == ([b"first"], False)
