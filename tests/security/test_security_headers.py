"""What the guard adds to every answer, unless the app sets its own."""

from collections.abc import Iterable
from typing import Any

import pytest

from security.guarded import ACCESS, PORT, ask, guard
from wesktopd.errors import ConfigurationError
from wesktopd.guard.csp import DEFAULT_CSP
from wesktopd.guard.middleware import Guard
from wesktopd.guard.security_headers import HEADERS
from wesktopd.guard.session import SessionCheck


def answer_with(headers: Iterable[tuple[bytes, bytes]], **options: Any) -> dict[str, str]:
    async def own(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return ask(Guard(own, port=PORT, **options), "GET", [("host", "localhost:8000")])[1]


EXPECTED = {name.decode(): value.decode() for name, value in HEADERS}


def test_every_answer_has_the_security_headers() -> None:
    assert answer_with([]) == EXPECTED
    assert answer_with(iter([(b"content-type", b"image/png")])) == {"content-type": "image/png", **EXPECTED}
    for request in ([], [("host", "localhost:8000")], [("host", "localhost:8000"), ("origin", "null")]):
        assert ask(guard(session=SessionCheck(ACCESS, "app", PORT)), "GET", request)[1].items() >= EXPECTED.items()


def test_the_apps_own_headers_stay() -> None:
    own = [(b"x-frame-options", b"SAMEORIGIN"), (b"content-security-policy", b"img-src *")]
    headers = answer_with([(b"content-type", b"text/html"), *own])
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["content-security-policy"] == "img-src *"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "content_type",
    [
        b"text/html",
        b"text/html; charset=utf-8",
        b"Text/HTML",
        b"image/svg+xml",
        b"IMAGE/SVG+XML;charset=utf-8",
        b"application/xhtml+xml",
        b"application/xml",
        b"text/xml; charset=utf-8",
        b"text/xsl",
        b"application/rss+xml",
        b"text/plain, image/svg+xml",
        b" image/svg+xml ",
    ],
)
def test_what_runs_scripts_has_a_policy(content_type: bytes) -> None:
    headers = [(b"content-type", content_type)]
    assert answer_with(headers)["content-security-policy"] == DEFAULT_CSP
    assert answer_with(headers, csp="img-src 'self'")["content-security-policy"] == "img-src 'self'"
    assert "content-security-policy" not in answer_with(headers, csp="")
    added = answer_with(headers, csp="+img-src https://tile.example")["content-security-policy"]
    assert added == f"{DEFAULT_CSP}; img-src 'self' data: blob: https://tile.example"


@pytest.mark.parametrize("content_type", [b"image/png", b"text/plain", b"application/json", b"text/javascript", b""])
def test_what_runs_none_has_no_policy(content_type: bytes) -> None:
    assert "content-security-policy" not in answer_with([(b"content-type", content_type)])


def test_a_policy_that_would_split_the_header_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="csp must be"):
        guard(csp="default-src 'self'\r\nset-cookie: a=b")


def test_a_message_that_an_app_sends_again_and_again_is_left_as_it_is() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}

    async def own(scope: Any, receive: Any, send: Any) -> None:
        await send(start)

    for _ in range(2):
        ask(Guard(own, port=PORT), "GET", [("host", "localhost:8000")])
    assert start["headers"] == [(b"content-type", b"text/html")]


def test_the_answer_to_a_websocket_that_the_app_refuses_has_the_headers_too() -> None:
    async def refusing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})

    status, headers = ask(Guard(refusing, port=PORT), "WEBSOCKET", [("host", f"localhost:{PORT}")])
    assert (status, headers["x-frame-options"]) == (404, "DENY")


def test_in_the_apps_own_window_there_is_no_opener_to_be_kept_away() -> None:
    request = [("host", "localhost:8000"), ("user-agent", "Mozilla/5.0 (X11) wesktop-window")]
    for guarded in (guard(), guard(session=SessionCheck(ACCESS, "app", PORT))):
        headers = ask(guarded, "GET", request)[1]
        assert "cross-origin-opener-policy" not in headers
        assert {name: value for name, value in EXPECTED.items() if "opener" not in name}.items() <= headers.items()
