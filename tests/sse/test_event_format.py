"""Events as bytes: each is read as it was sent."""

import asyncio
from typing import Any

import msgspec
import pytest

from asgi.memory import until
from sse.pages import Event, Page, parse
from wesktop.sse import Broadcaster
from wesktop.sse.event_format import format_event


class Point(msgspec.Struct):
    x: int


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"x", b"event: e\ndata: x\n\n"),
        (b"", b"event: e\ndata: \n\n"),
        (b"a\nb", b"event: e\ndata: a\ndata: b\n\n"),
        (b"a\rb", b"event: e\ndata: a\ndata: b\n\n"),
        (b"a\r\nb", b"event: e\ndata: a\ndata: b\n\n"),
        (b"a\n\rb", b"event: e\ndata: a\ndata: \ndata: b\n\n"),
        (b"\n", b"event: e\ndata: \ndata: \n\n"),
        (b"a\n\ndata: b\nevent: c", b"event: e\ndata: a\ndata: \ndata: data: b\ndata: event: c\n\n"),
        ("\x0b\x0c\x85\u2028".encode(), b"event: e\ndata: \x0b\x0c\xc2\x85\xe2\x80\xa8\n\n"),
    ],
)
def test_event_is_formatted_by_the_standard(data: bytes, wire: bytes) -> None:
    assert format_event("e", data.decode()) == wire


@pytest.mark.parametrize(
    "data", ["", " x", "a\nb", "a\r\n\r\nb", "\n", "id: 1\nretry: 0", ": comment", "ü\0", "a\u2028b"]
)
def test_text_arrives_as_it_was_but_for_its_line_ends(data: str) -> None:
    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert parse(format_event("größe x", data).decode()) == [Event("größe x", lines)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("plain", "plain"),
        ({"a": "x\ny"}, '{"a":"x\\ny"}'),
        ([1, None], "[1,null]"),
        (Point(1), '{"x":1}'),
        (None, "null"),
        (7, "7"),
    ],
)
def test_text_is_sent_as_it_is_and_all_else_as_json(broadcaster: Broadcaster, data: Any, text: str) -> None:
    async def scenario() -> None:
        page = Page(broadcaster)
        broadcaster.broadcast("tick", data)
        await until(lambda: page.data)
        await page.leave()
        assert parse(page.text) == [Event("tick", text)]

    asyncio.run(scenario())
