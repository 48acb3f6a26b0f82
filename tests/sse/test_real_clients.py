"""A real server, read by real clients."""

from collections.abc import Iterator
from typing import Any

import httpx
import httpx_sse
import pytest

from asgi.real import granian
from support.waiting import wait_for
from wesktop.asgi import Request, Router, create_app
from wesktop.sse import Broadcaster, sse_route
from wesktop.testing.events import EventParser


@pytest.fixture
def port(broadcaster: Broadcaster) -> Iterator[int]:
    router = Router()
    router.add_route("GET", "/events", sse_route(broadcaster))

    @router.post("/tick")
    def tick(request: Request) -> None:
        broadcaster.broadcast("tick", request.json)

    with granian(create_app(router)) as port:
        yield port


def test_event_arrives_at_a_real_client_and_its_leaving_is_noticed(port: int, broadcaster: Broadcaster) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        with client.stream("GET", "/events") as stream:
            parser, chunks = EventParser(), stream.iter_bytes()
            assert next(chunks).startswith(b":")
            wait_for(lambda: broadcaster.client_count == 1, "the client to be counted")
            for number in range(3):
                assert client.post("/tick", json={"n": number}).status_code == 204
                (event,) = parser.feed(next(chunks))
                assert (event.event, event.json) == ("tick", {"n": number})
        wait_for(lambda: broadcaster.client_count == 0, "the client to be gone")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", ""), ("a\nb", "a\nb"), ("a\r\nb\rc", "a\nb\nc"), ("\n", "\n"), (" x ", " x "),
        (": no comment", ": no comment"), ("\ud800x", "\ufffdx"), ("\ud83d\ude00", "\U0001f600"),
        (float("nan"), "null"), (None, "null"), ("ü\0", "ü\0"),
    ],
)  # fmt: skip
def test_httpx_sse_reads_the_corner_cases_alike(port: int, broadcaster: Broadcaster, data: Any, text: str) -> None:
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client,
        httpx_sse.connect_sse(client, "GET", "/events") as source,
    ):
        wait_for(lambda: broadcaster.client_count == 1, "the client to be counted")
        broadcaster.broadcast("tick", data)
        # It makes an event of the greeting too, which has an ID and no data; the standard does not.
        event = next(event for event in source.iter_sse() if event.event == "tick")
        assert (event.event, event.data, event.id) == ("tick", text, broadcaster._log.last_id)
