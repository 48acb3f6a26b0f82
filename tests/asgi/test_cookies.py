"""Cookies in both directions (RFC 6265), and redirects."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi.memory import http_scope, request
from wesktop.asgi import (
    BytesResponse,
    Cookie,
    EmptyResponse,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Request,
    StreamResponse,
    TextResponse,
)
from wesktop.asgi.http.cookies import parse_cookies


@pytest.mark.parametrize(
    ("cookie", "header"),
    [
        (Cookie("a", "1"), b"a=1; Path=/; HttpOnly; SameSite=Lax"),
        (Cookie("a", "", max_age=0), b"a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
        (
            Cookie("__Host-s", "x%20y", secure=True, http_only=False, same_site="strict", max_age=60),
            b"__Host-s=x%20y; Path=/; Max-Age=60; Secure; SameSite=Strict",
        ),
        (
            Cookie("a", "1", path="/app", domain="example.org", secure=True, same_site="none"),
            b"a=1; Path=/app; Domain=example.org; Secure; HttpOnly; SameSite=None",
        ),
    ],
)
def test_cookie_is_what_the_rfc_has(cookie: Cookie, header: bytes) -> None:
    assert cookie.header == (b"set-cookie", header)


@pytest.mark.parametrize(
    ("name", "value", "options"),
    [
        ("", "x", {}), ("a b", "x", {}), ("a=b", "x", {}), ("é", "x", {}), ("a\r\n", "x", {}), ("a", "x y", {}),
        ("a", "x;y", {}), ("a", "x,y", {}), ("a", 'x"', {}), ("a", "x\\", {}), ("a", "x\r\nSet-Cookie: b=1", {}),
        ("a", "ü", {}), ("a", "x", {"path": "/;"}), ("a", "x", {"path": "/\r\n"}), ("a", "x", {"domain": "a;b"}),
        ("a", "x", {"same_site": "none"}), ("a", "x", {"same_site": "sometimes"}),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_the_header_is_refused(name: str, value: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cookie"):
        Cookie(name, value, **options)


async def chunks() -> AsyncIterator[str]:
    yield "x"


def responses(**options: Any) -> list[Any]:
    return [
        JSONResponse({}, **options),
        TextResponse("x", **options),
        HTMLResponse("x", **options),
        BytesResponse(b"x", **options),
        EmptyResponse(**options),
        RedirectResponse("/", **options),
        FileResponse(Path(__file__), **options),
        StreamResponse(chunks(), "text/plain", **options),
    ]


def set_cookies(response: Any) -> list[bytes]:
    return [value for name, value in request(response).raw_headers if name == b"set-cookie"]


def test_every_response_takes_headers_and_cookies() -> None:
    for response in responses(headers={"X-One": "1"}, cookies={"a": "1", "b": "2"}):
        response.set_cookie("c", "3", max_age=5)
        response.delete_cookie("d", path="/x")
        names = [cookie.split(b"=")[0] for cookie in set_cookies(response)]
        assert names == [b"a", b"b", b"c", b"d"], type(response)
    for response in responses(headers={"X-One": "1"}, cookies=[Cookie("a", "1", same_site="strict")]):
        answer = request(response)
        assert answer.header("x-one") == "1"
        assert answer.header("set-cookie") == "a=1; Path=/; HttpOnly; SameSite=Strict"


def test_a_cookie_that_is_wrong_is_refused_by_every_response() -> None:
    with pytest.raises(ValueError, match="percent-encode"):
        responses(cookies={"a": "x y"})


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2;", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="quoted"; b="', {"a": "quoted", "b": '"'}),
        ("a=x=y", {"a": "x=y"}),
        ("nothing; =1; a=1", {"a": "1"}),
        ("", {}),
        (";;;", {}),
    ],
)
def test_cookies_that_come_are_read_leniently(header: str, cookies: dict[str, str]) -> None:
    assert parse_cookies(header) == cookies
    assert Request(http_scope(headers=[("cookie", header)])).cookies == cookies


@given(st.text())
def test_no_cookie_header_is_an_error(header: str) -> None:
    assert all(name and ";" not in name + value for name, value in parse_cookies(header).items())


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a", "/a"),
        ("https://example.org/x?y=1#z", "https://example.org/x?y=1#z"),
        ("/ü b", "/%C3%BC%20b"),
        ("/%20", "/%20"),
        ("/a\r\nX: 1", "/a%0D%0AX:%201"),
    ],
)
def test_a_redirect_names_its_url_encoded(url: str, location: str) -> None:
    answer = request(RedirectResponse(url))
    assert (answer.status, answer.header("location"), answer.header("content-length")) == (307, location, "0")


@pytest.mark.parametrize("status", [200, 300, 304, 309])
def test_a_status_that_does_not_redirect_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="redirect"):
        RedirectResponse("/", status)


@pytest.mark.parametrize("bad", ["\n", ";", "\x1b", "ä", "\u2028"])
def test_a_refusal_tells_what_is_wrong_and_not_the_secret_that_it_is_in(bad: str) -> None:
    secret = f"s3cret{bad}"
    with pytest.raises(ValueError, match=f"'a'.* {re.escape(repr(bad))}") as cookie:
        Cookie("a", secret)
    assert "s3cret" not in str(cookie.value)
    with pytest.raises(TypeError, match="bytes") as other:
        Cookie("a", secret.encode())  # type: ignore[arg-type]
    assert "s3cret" not in str(other.value)


@pytest.mark.parametrize("bad", ["\n", "\x1b", "\u2028"])
def test_so_does_that_of_a_header(bad: str) -> None:
    for value in (f"Bearer s3cret{bad}", f"s3cret{bad}".encode()):
        with pytest.raises(ValueError, match="header 'X-Key' has ") as refused:
            TextResponse("", headers={"X-Key": value})  # type: ignore[dict-item]
        assert "s3cret" not in str(refused.value)
