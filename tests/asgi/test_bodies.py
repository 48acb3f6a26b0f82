import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from asgi.memory import DISCONNECT, Exchange, body_messages, fetch, http_scope, request, until
from wesktop.asgi import BytesResponse, Request, Router, StreamResponse, create_app
from wesktop.asgi.types import ASGIApp, Message

LIMIT = 10
CHUNKED = [("transfer-encoding", "chunked")]


def length(size: int) -> list[tuple[str, str]]:
    return [("content-length", str(size))]


@pytest.fixture
def seen() -> list[bytes | None]:
    return []


@pytest.fixture
def app(seen: list[bytes | None]) -> ASGIApp:
    router = Router()

    async def echo(request: Request) -> BytesResponse:
        seen.append(request.body)
        return BytesResponse(request.body or b"")

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"):
        router.add_route(method, "/", echo)
    return create_app(router, max_body_size=LIMIT)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"])
def test_body_of_every_method_reaches_the_handler(app: ASGIApp, method: str) -> None:
    assert request(app, method, "/", length(4), messages=body_messages(b"body")).body == b"body"


@pytest.mark.parametrize(
    ("headers", "messages", "body", "received"),
    [
        (length(4), body_messages(b"body", b""), b"body", 1),  # granian's empty end is not waited for
        (length(4), body_messages(b"bo", b"dy", b""), b"body", 2),
        (length(9), body_messages(b"body"), b"body", 1),  # a middleware that decoded it knows better
        (length(0), body_messages(b""), None, 0),
        (CHUNKED, body_messages(b"bo", b"dy", b""), b"body", 3),
        (CHUNKED, body_messages(b""), None, 1),
        ([], body_messages(b"never read"), None, 0),
        (length(4), [{"type": "http.request", "body": b"body"}], b"body", 1),
        (CHUNKED, [{"type": "http.request"}], None, 1),
        ([("content-length", "many")], body_messages(b"body"), b"body", 1),
    ],
)
def test_body_is_read_with_as_few_receives_as_can_be(
    app: ASGIApp,
    seen: list[bytes | None],
    headers: list[tuple[str, str]],
    messages: list[Message],
    body: bytes | None,
    received: int,
) -> None:
    assert request(app, "POST", "/", headers, messages=messages).received == received
    assert seen == [body]


def test_http_2_body_needs_neither_header(app: ASGIApp) -> None:
    assert request(app, "POST", "/", messages=body_messages(b"body"), http_version="2").body == b"body"


@pytest.mark.parametrize(
    ("headers", "messages"),
    [
        (length(4), [DISCONNECT]),
        (length(4), [*body_messages(b"bo", b"")[:1], DISCONNECT]),
        (CHUNKED, [*body_messages(b"bo", b"")[:1], DISCONNECT]),
    ],
)
def test_body_cut_short_never_reaches_the_handler(
    app: ASGIApp, seen: list[bytes | None], headers: list[tuple[str, str]], messages: Sequence[Message]
) -> None:
    answer = request(app, "POST", "/", headers, messages=messages)
    assert (answer.status, answer.json) == (400, {"error": "request body cut short"})
    assert seen == []


@pytest.mark.parametrize(
    ("headers", "messages", "received"),
    [
        (length(LIMIT + 1), body_messages(b"x" * (LIMIT + 1)), 0),
        (CHUNKED, body_messages(b"x" * LIMIT, b"x", b"x"), 2),
        ([("content-length", "5")], body_messages(b"x" * (LIMIT + 1)), 1),
    ],
)
def test_body_above_the_limit_is_413_as_soon_as_it_is_known(
    app: ASGIApp, seen: list[bytes | None], headers: list[tuple[str, str]], messages: list[Message], received: int
) -> None:
    answer = request(app, "POST", "/", headers, messages=messages)
    assert (answer.status, answer.json) == (413, {"error": "request body too large"})
    assert answer.received == received
    assert seen == []


def test_body_at_the_limit_is_read(app: ASGIApp) -> None:
    assert request(app, "POST", "/", length(LIMIT), messages=body_messages(b"x" * LIMIT)).status == 200


def test_no_limit_reads_everything() -> None:
    router = Router()
    router.add_route("POST", "/", lambda request: {"size": request.body_size})
    app = create_app(router, max_body_size=None)
    body = bytes(70 * 1024 * 1024)
    assert request(app, "POST", "/", length(len(body)), messages=body_messages(body)).json == {"size": len(body)}


def test_default_limit_is_the_documented_constant() -> None:
    router = Router()
    router.add_route("POST", "/", lambda _request: None)
    assert request(create_app(router), "POST", "/", length(64 * 1024 * 1024 + 1)).status == 413


def test_body_is_not_waited_for_when_there_is_no_route(app: ASGIApp) -> None:
    async def scenario() -> None:
        exchange = Exchange(app, http_scope("POST", "/nowhere", length(4)), messages=[])
        assert (await asyncio.wait_for(exchange.run(), 5)).status == 404
        assert (await fetch(app, "PURGE", "/")).status == 405

    asyncio.run(scenario())


@pytest.mark.parametrize("reads", [True, False])
def test_what_is_answered_while_the_body_is_cut_short_is_left_incomplete(reads: bool) -> None:
    async def scenario() -> tuple[list[bytes], bool]:
        router = Router()

        async def answers(request: Request) -> AsyncIterator[bytes]:
            chunks = aiter(request.stream())
            yield await anext(chunks)
            if reads:
                yield await anext(chunks)
            await asyncio.get_running_loop().create_future()

        @router.post("/", stream=True)
        async def handler(request: Request) -> StreamResponse:
            return StreamResponse(answers(request), "text/plain")

        exchange = Exchange(create_app(router), http_scope("POST", headers=length(9)), body_messages(b"ab", b"")[:1])
        running = asyncio.ensure_future(exchange.run())
        await until(lambda: exchange.answer.chunks)
        exchange.disconnect()
        await asyncio.wait([running], timeout=20)
        assert running.exception() is not None, "the exchange misses the end of the answer"
        return exchange.answer.chunks, exchange.answer.complete

    assert asyncio.run(scenario()) == ([b"ab"], False)
