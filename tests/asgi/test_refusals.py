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
    StreamResponse,
    TextResponse,
)


async def chunks(*made: Any) -> AsyncIterator[Any]:
    for chunk in made:
        yield chunk


def respond(kind: str, *given: Any, **more: Any) -> Callable[[], object]:
    """Making a response of what is given, whatever the type checker would say to that."""
    kinds: dict[str, Callable[..., object]] = {
        "bytes": BytesResponse, "file": FileResponse, "html": HTMLResponse, "json": JSONResponse, "error": HTTPError,
        "text": TextResponse, "redirect": RedirectResponse,
        "stream": lambda *a, **m: StreamResponse(chunks(), *a, **m),
    }  # fmt: skip
    return lambda: kinds[kind](*given, **more)


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
        (respond("json", {}, cookies={"a": 5}), "cookie 'a': value 5 is of type int, not str"),
        (lambda: Cookie("a", "b", max_age="1"), "cookie 'a': max_age '1' is of type str, not int"),  # type: ignore[arg-type]
        (respond("redirect", 5), "url 5 is of type int, not str"),
        (respond("stream", 5), "content_type 5 is of type int, not str"),
        (respond("stream", "text/plain", status="x"), "status 'x' is of type str, not int"),
        (respond("file", 5), "path 5 is of type int, not str or PathLike"),
        (respond("file", "a", content_type=5), "content_type 5 is of type int, not str"),
        (respond("file", "a", download_name=5), "download_name 5 is of type int, not str"),
        (respond("error", "404"), "status '404' is of type str, not int"),
        (respond("error", 404, 5), "detail 5 is of type int, not str, dict or list"),
        (respond("error", 404, True), "detail True is of type bool, not str, dict or list"),
        (respond("error", 404, b"no"), "detail b'no' is of type bytes, not str, dict or list"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name_and_value(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(TypeError, match=f"^{sentence}"):
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
