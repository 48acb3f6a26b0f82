import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from asgi.memory import http_scope
from wesktop.asgi import Request


class Colour(enum.Enum):
    RED = "red"


def test_request_is_constructed_by_hand() -> None:
    scope = http_scope("PUT", "/a")
    request = Request(scope, {"id": "1"}, b"{}")
    assert request.scope is scope
    assert (request.method, request.path) == ("PUT", "/a")
    assert (request.path_params, request.body, request.body_size, request.json) == ({"id": "1"}, b"{}", 2, {})


def test_request_needs_only_a_scope_and_an_empty_one_does() -> None:
    request = Request({})
    assert (request.path_params, request.body, request.body_size, request.json) == ({}, None, 0, None)
    assert (request.query("a"), request.header("a"), request.state) == (None, None, {})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, "\xc3\xbc", null, true]}', {"a": [1, 2.5, "ü", None, True]}),
        (b"[]", []),
        (b" 1 ", 1),
        (b'"text"', "text"),
        (b"null", None),
        (None, None),
        (b"", None),
        (b"{", None),
        (b"{'a': 1}", None),
        (b"a=1", None),
        (b'"\xff"', None),
        (b"NaN", None),
        (b"[" * 100_000, None),
    ],
)
def test_json_is_the_decoded_body_or_none(body: bytes | None, value: Any) -> None:
    assert Request(http_scope(), {}, body).json == value


def test_json_is_decoded_once() -> None:
    request = Request(http_scope(), {}, b"{}")
    assert request.json is request.json


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("", None),
        ("q=1", "1"),
        ("q=1&q=2", "1"),
        ("q=", ""),
        ("q", ""),
        ("q=a+b", "a b"),
        ("q=a%20b%26c", "a b&c"),
        ("q=%C3%BC", "ü"),
        ("q=%ff", "\N{REPLACEMENT CHARACTER}"),
        ("q=a=b", "a=b"),
        ("a=1&&q=2", "2"),
        ("Q=1", None),
        ("%71=1", "1"),
    ],
)
def test_query_is_the_first_value(query: str, value: str | None) -> None:
    assert Request(http_scope(query=query)).query("q") == value


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("12", int, 12),
        ("-1", int, -1),
        ("1.5", float, 1.5),
        ("x", int, "default"),
        ("", int, "default"),
        ("1" * 5000, int, "default"),
        ("1.50", Decimal, Decimal("1.50")),
        ("x", Decimal, "default"),
        ("red", Colour, Colour.RED),
        ("blue", Colour, "default"),
        *[(text, bool, True) for text in ("true", "True", "1", "yes", "on", "ON")],
        *[(text, bool, False) for text in ("false", "FALSE", "0", "no", "off")],
        *[(text, bool, "default") for text in ("", "2", "maybe", "tru")],
    ],
)
def test_query_is_converted_or_the_default(text: str, type_: Callable[[str], Any], value: Any) -> None:
    result = Request(http_scope(query=f"q={text}")).query("q", "default", type_)
    assert result == value
    assert type(result) is type(value)


def test_missing_query_parameter_is_the_default_unconverted() -> None:
    request = Request(http_scope(query="a=1"))
    assert request.query("q", 7, int) == 7
    assert request.query("q", default="x") == "x"
    assert request.query("q", type_=int) is None


@pytest.mark.parametrize("name", ["X-Name", "x-name", "X-NAME"])
def test_header_is_found_in_any_case(name: str) -> None:
    assert Request(http_scope(headers=[("x-name", "v")])).header(name) == "v"
    assert Request({"headers": [(b"X-Name", b"v")]}).header(name) == "v"


def test_missing_header_is_the_default() -> None:
    request = Request(http_scope())
    assert request.header("x") is None
    assert request.header("x", "d") == "d"


def test_header_bytes_outside_ascii_are_latin_1() -> None:
    assert Request({"headers": [(b"x", b"\xfc")]}).header("x") == "ü"


def test_lines_of_a_repeated_header_are_joined() -> None:
    request = Request(http_scope(headers=[("accept", "a"), ("cookie", "x=1"), ("accept", "b"), ("cookie", "y=2")]))
    assert request.header("accept") == "a, b"
    assert request.header("cookie") == "x=1; y=2"


def test_state_is_the_scopes() -> None:
    state = {"db": object()}
    assert Request(http_scope(state=state)).state is state
