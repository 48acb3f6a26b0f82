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
        (respond("bytes", "abc"), "data 'abc' is of type str, not bytes, bytearray or memoryview: encode text, or"),
        (respond("bytes", 3), "data 3 is of type int, not bytes"),
        (respond("bytes", None), "data None is of type NoneType, not bytes"),
        (respond("bytes", [1]), r"data \[1\] is of type list, not bytes"),
        (respond("bytes", LONG), r"data 'x{99}\.\.\. is of type str, not bytes"),
        (respond("bytes", b"", 5), "content_type 5 is of type int, not str"),
        (respond("text", 5), "text 5 is of type int, not str"),
        (respond("text", b"5"), "text b'5' is of type bytes, not str"),
        (respond("text", "", 5), "content_type 5 is of type int, not str"),
        (respond("html", 5), "html 5 is of type int, not str"),
        (respond("html", None), "html None is of type NoneType, not str"),
        (respond("html", "a", status="x"), "status 'x' is of type str, not int"),
        (respond("json", {}, 200.0), r"status 200\.0 is of type float, not int"),
        (respond("json", {}, None), "status None is of type NoneType, not int"),
        (respond("json", {}, headers=5), r"headers 5 are no dict and no list of pairs: give some such as \{'X-A'"),
        (respond("json", {}, headers="X-A"), "headers 'X-A' are no dict and no list of pairs"),
        (respond("json", {}, cookies={"a": 5}), "cookie 'a' has a value of type int, not str"),
        (lambda: Cookie("a", "b", max_age="1"), "cookie 'a': max_age '1' is of type str, not int"),  # type: ignore[arg-type]
        (respond("redirect", 5), "url 5 is of type int, not str"),
        (respond("stream", 5), "content_type 5 is of type int, not str"),
        (respond("stream", "text/plain", status="x"), "status 'x' is of type str, not int"),
        (respond("file", 5), "path 5 is of type int, not str or PathLike"),
        (respond("file", "a", content_type=5), "content_type 5 is of type int, not str"),
        (respond("file", "a", download_name=5), "download_name 5 is of type int, not str"),
        (respond("error", "404"), "status '404' is of type str, not int"),
        (app(router=5), "router 5 is of type int, not Router"),
        (app(middleware=5), "middleware 5 is no list: give one of ASGI middleware classes"),
        (app(middleware=dict), "middleware <class 'dict'> is no list: give one of ASGI middleware classes"),
        (app(middleware="Gzip"), "middleware 'Gzip' is no list: give one of ASGI middleware classes"),
        (app(middleware=[5]), "middleware has 5 in it, which cannot be called: give ASGI middleware classes"),
        (app(middleware=[nothing]), "middleware <function nothing at .*> made None, which is no ASGI app"),
        (app(max_body_size="x"), "max_body_size 'x' is of type str, not int"),
        (app(max_body_size=1.5), r"max_body_size 1\.5 is of type float, not int"),
        (app(max_form_parts=True), "max_form_parts True is of type bool, not int"),
        (app(body_timeout="x"), "body_timeout 'x' is of type str, not float or int"),
        (app(write_timeout=True), "write_timeout True is of type bool, not float or int"),
        (app(static_cache_size="x"), "static_cache_size 'x' is of type str, not int"),
        (app(static_cache_size=None), "static_cache_size None is of type NoneType, not int"),
        (app(static_dir=5), "static_dir 5 is of type int, not str or PathLike"),
        (app(static_dir=".", static_path=5), "static_path 5 is of type int, not str"),
        (app(spa_fallback=5), "spa_fallback 5 is of type int, not str or PathLike"),
        (app(static_dotfiles="no"), "static_dotfiles 'no' is neither True nor False"),
        (app(redirect_slashes=1), "redirect_slashes 1 is neither True nor False"),
        (app(debug="x"), "debug 'x' is neither True nor False"),
        (app(name=5), "name 5 is of type int, not str"),
        (route(method=5), "method 5 is of type int, not str"),
        (route(path=5), "pattern 5 is of type int, not str"),
        (route(stream="x"), "stream 'x' is neither True nor False"),
        (route(max_body_size="x"), "max_body_size 'x' is of type str, not int"),
        (include(5), "router 5 is of type int, not Router"),
        (include(Router(), 5), "prefix 5 is of type int, not str"),
        (socket_route("/x", 5), "handler 5 cannot be called: give a function of scope, receive and send"),
        (socket_route(5, plain), "WebSocket path 5 is of type int, not str"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name_and_value(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(TypeError, match=f"^{sentence}"):
        make()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (app(static_cache_size=-1), "static_cache_size -1 is out of range: give a number from zero on"),
        (app(body_timeout=float("nan")), "body_timeout nan must be above zero: give None for no limit"),
        (route(max_body_size=-2), "max_body_size -2 is out of range: give a number from zero on"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name_and_value(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        make()


@pytest.mark.parametrize("data", [b"abcd", bytearray(b"abcd"), memoryview(b"abcd"), memoryview(b"abcd").cast("I")])
def test_what_is_like_bytes_is_sent_as_bytes(data: Any) -> None:
    for response in (BytesResponse(data), StreamResponse(chunks(data), "text/plain")):
        answer = request(response)
        assert answer.body == b"abcd"
        assert {type(chunk) for chunk in answer.chunks} == {bytes}
    assert request(BytesResponse(data)).header("content-length") == "4"


@pytest.mark.parametrize(
    ("chunk", "sentence"), [(5, "chunk 5 is of type int"), (None, "chunk None is of type"), (["a"], r"chunk \['a'\]")]
)
def test_a_chunk_that_cannot_be_sent_ends_the_stream_as_an_error(chunk: Any, sentence: str) -> None:
    exchange = Exchange(StreamResponse(chunks("first", chunk, "last"), "text/plain"), http_scope())
    with pytest.raises(TypeError, match=f"^{sentence}.*yield bytes, or str"):
        asyncio.run(exchange.run())
    assert (exchange.answer.chunks, exchange.answer.complete) == ([b"first"], False)
