import dataclasses
import datetime
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
import pytest

from asgi.memory import request
from wesktop.asgi import (
    BytesResponse,
    EmptyResponse,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    Response,
    StreamResponse,
    TextResponse,
)
from wesktop.asgi.responses import to_response

HEADERS = {"X-A": "1"}


class Point(msgspec.Struct):
    x: int


@dataclasses.dataclass
class Size:
    width: int


def attributes(response: Response, *names: str) -> list[Any]:
    return [getattr(response, name) for name in names]


def test_parameters_stay_readable_as_they_were_given() -> None:
    data = {"a": 1}
    assert JSONResponse(data, 201).data is data
    assert attributes(JSONResponse(data, 201, headers=HEADERS), "status", "headers") == [201, HEADERS]
    text = TextResponse("t", "text/css", 202, HEADERS)
    assert attributes(text, "text", "content_type", "status", "headers") == ["t", "text/css", 202, HEADERS]
    assert attributes(HTMLResponse("<p>", 203), "html", "status", "headers") == ["<p>", 203, None]
    assert attributes(BytesResponse(b"b", "image/png", 206), "data", "content_type", "status") == [
        b"b",
        "image/png",
        206,
    ]


def test_defaults_are_the_specified_ones() -> None:
    assert JSONResponse(1).status == HTMLResponse("").status == 200
    assert attributes(TextResponse(""), "content_type", "status", "headers") == ["text/plain", 200, None]
    assert attributes(BytesResponse(b""), "content_type", "status") == ["application/octet-stream", 200]
    assert EmptyResponse().status == 204


@pytest.mark.parametrize(
    ("response", "content_type", "body"),
    [
        (JSONResponse({"a": "ü"}), "application/json", '{"a":"ü"}'.encode()),
        (JSONResponse(Point(1)), "application/json", b'{"x":1}'),
        (JSONResponse(datetime.date(2024, 2, 29)), "application/json", b'"2024-02-29"'),
        (JSONResponse(None), "application/json", b"null"),
        (TextResponse("ü"), "text/plain; charset=utf-8", "ü".encode()),
        (TextResponse("", "text/css"), "text/css; charset=utf-8", b""),
        (TextResponse("x", "text/css; charset=utf-8"), "text/css; charset=utf-8", b"x"),
        (TextResponse("x", "Text/CSV;header=present"), "Text/CSV;header=present; charset=utf-8", b"x"),
        (TextResponse("<a/>", "application/xml"), "application/xml", b"<a/>"),
        (HTMLResponse("<p>ü"), "text/html; charset=utf-8", "<p>ü".encode()),
        (BytesResponse(b"\0\xff"), "application/octet-stream", b"\0\xff"),
        (BytesResponse(b"x", "image/png"), "image/png", b"x"),
    ],
)
def test_fixed_response_has_its_type_and_its_true_length(response: Response, content_type: str, body: bytes) -> None:
    get, head = request(response), request(response, "HEAD")
    assert get.header("content-type") == content_type
    assert get.header("content-length") == str(len(body))
    assert get.body == body
    assert head.raw_headers == get.raw_headers
    assert head.body == b""


@pytest.mark.parametrize("status", [100, 199, 204, 304])
def test_status_without_content_has_neither_body_nor_length(status: int) -> None:
    answer = request(TextResponse("text", status=status))
    assert (answer.status, answer.header("content-length"), answer.body) == (status, None, b"")


@pytest.mark.parametrize("status", [200, 201, 404, 500, 999, HTTPStatus.IM_A_TEAPOT])
def test_status_is_sent(status: int) -> None:
    assert request(TextResponse("text", status=status)).status == status


def test_headers_are_sent_in_lower_case() -> None:
    answer = request(TextResponse("", headers={"Content-Disposition": 'attachment; filename="ü"', "X-Tab": "a\tb"}))
    assert answer.header("content-disposition") == 'attachment; filename="ü"'
    assert answer.header("x-tab") == "a\tb"


def test_pairs_of_headers_may_repeat_a_name() -> None:
    answer = request(JSONResponse({}, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]))
    assert [value for name, value in answer.raw_headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_response_is_not_changed_by_what_middleware_does_to_its_headers() -> None:
    response = TextResponse("x")
    request(response).raw_headers.append((b"x-added", b"1"))
    assert request(response).header("x-added") is None


async def chunks() -> Any:
    yield b""


def build(kind: str, status: int = 200, headers: Any = None) -> Response:
    builders: dict[str, Callable[[], Response]] = {
        "json": lambda: JSONResponse({}, status, headers=headers),
        "text": lambda: TextResponse("", status=status, headers=headers),
        "html": lambda: HTMLResponse("", status, headers=headers),
        "bytes": lambda: BytesResponse(b"", status=status, headers=headers),
        "empty": lambda: EmptyResponse(status, headers=headers),
        "stream": lambda: StreamResponse(chunks(), "text/plain", headers, status=status),
        "file": lambda: FileResponse("x", status=status, headers=headers),
    }
    return builders[kind]()


KINDS = ["json", "text", "html", "bytes", "empty", "stream", "file"]


@pytest.mark.parametrize("status", [-1, 0, 99, 1000, 2**31])
@pytest.mark.parametrize("kind", KINDS)
def test_status_outside_100_to_999_is_refused(kind: str, status: int) -> None:
    with pytest.raises(ValueError, match="100 to 999"):
        build(kind, status)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nSet-Cookie: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\0b"), ("X", "\x1b"), ("X", "\x7f"),
        ("X", "€"), ("", "a"), ("X Y", "a"), ("X:", "a"), ("X\r\n", "a"), ("Ü", "a"),
        ("Content-Length", "3"), ("content-type", "text/plain"), ("Transfer-Encoding", "chunked"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_malformed_or_reserved_header_is_refused(kind: str, name: str, value: str) -> None:
    with pytest.raises(ValueError, match="header"):
        build(kind, headers={name: value})


@pytest.mark.parametrize("content_type", ["text/plain\r\nX: y", "text/€"])
@pytest.mark.parametrize("kind", [lambda t: TextResponse("", t), lambda t: BytesResponse(b"", t)])
def test_malformed_content_type_is_refused(kind: Any, content_type: str) -> None:
    with pytest.raises(ValueError, match="Content-Type"):
        kind(content_type)


@pytest.mark.parametrize(
    ("answer", "status", "content_type", "body"),
    [
        ({"a": 1}, 200, "application/json", b'{"a":1}'),
        ([1, 2], 200, "application/json", b"[1,2]"),
        (Point(3), 200, "application/json", b'{"x":3}'),
        (Size(4), 200, "application/json", b'{"width":4}'),
        ("ü", 200, "text/plain; charset=utf-8", "ü".encode()),
        (b"\xff", 200, "application/octet-stream", b"\xff"),
        (None, 204, None, b""),
        (HTMLResponse("h", 201), 201, "text/html; charset=utf-8", b"h"),
    ],
)
def test_answer_of_a_handler_becomes_a_response(
    answer: Any, status: int, content_type: str | None, body: bytes
) -> None:
    sent = request(to_response(answer))
    assert (sent.status, sent.header("content-type"), sent.body) == (status, content_type, body)


@pytest.mark.parametrize("answer", [1, 1.5, True, (1, 2), {1}, object(), Size, chunks, {"a": object()}])
def test_anything_else_is_a_type_error(answer: Any) -> None:
    with pytest.raises(TypeError):
        to_response(answer)
