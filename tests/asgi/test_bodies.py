import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from asgi.memory import DISCONNECT, Exchange, body_messages, fetch, http_scope, request, until
from wesktop.asgi import BytesResponse, Request, Router, StreamResponse, create_app
from wesktop.asgi.receiving import body
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
    ("headers", "messages"),
    [
        (length(LIMIT + 1), body_messages(b"x" * (LIMIT + 1))),
        (CHUNKED, body_messages(b"x" * LIMIT, b"x", b"x")),
        ([("content-length", "5")], body_messages(b"x" * (LIMIT + 1))),
    ],
)
def test_body_above_the_limit_is_413_once_the_client_has_sent_it(
    app: ASGIApp, seen: list[bytes | None], headers: list[tuple[str, str]], messages: list[Message]
) -> None:
    answer = request(app, "POST", "/", headers, messages=messages)
    assert (answer.status, answer.json) == (413, {"error": "request body too large"})
    assert answer.received == len(messages)
    assert seen == []


@pytest.mark.parametrize("path", ["/", "/nowhere", "/stream"])
def test_no_response_goes_out_while_the_client_is_sending_a_body_that_nobody_reads(path: str) -> None:
    """A browser that is still sending takes the end of the connection for a failure of the network."""
    router = Router()
    router.post("/")(lambda _request: None)
    router.post("/stream", stream=True)(lambda _request: None)
    app = create_app(router, max_body_size=5 if path == "/" else None)
    messages = body_messages(*[b"x" * 10] * 5)
    answer = request(app, "POST", path, CHUNKED, messages=messages)
    assert answer.status == {"/": 413, "/nowhere": 404, "/stream": 204}[path]
    assert answer.received == len(messages)


def test_a_client_that_waits_to_be_told_to_send_is_answered_without_its_body(app: ASGIApp) -> None:
    headers = [*length(LIMIT + 1), ("expect", "100-continue")]
    answer = request(app, "POST", "/", headers, messages=[])
    assert (answer.status, answer.received) == (413, 0)


def test_a_body_that_would_never_end_is_not_read_on(monkeypatch: pytest.MonkeyPatch, app: ASGIApp) -> None:
    monkeypatch.setattr(body, "MAX_DISCARDED", 100)
    answer = request(app, "POST", "/", CHUNKED, messages=body_messages(*[b"x" * 50] * 10))
    assert (answer.status, answer.received) == (413, 3)
    answer = request(app, "POST", "/", length(101), messages=body_messages(b"x" * 101))
    assert (answer.status, answer.received) == (413, 0)


def test_a_response_that_reads_the_body_itself_is_not_kept_waiting() -> None:
    async def echo(request: Request) -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            yield chunk

    router = Router()
    router.post("/", stream=True)(lambda request: StreamResponse(echo(request), "text/plain"))
    assert request(create_app(router), "POST", "/", CHUNKED, messages=body_messages(b"a", b"b")).body == b"ab"


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
