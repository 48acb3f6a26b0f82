"""`request.is_disconnected()` under real servers: true once the client has gone, and asking ends nothing."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from asgi.memory import http_scope
from support.other_servers import SERVERS, serving
from support.waiting import until, wait_for
from wesktop.asgi import Request, Router, StreamResponse, create_app
from wesktop.asgi.receiving import body as bodies
from wesktop.asgi.types import ASGIApp, Message

SOURCE = """
import asyncio
from pathlib import Path
from wesktop.asgi import Router, StreamResponse, create_app

router = Router()
path = Path(__file__).with_name

async def looks(request, found):
    for _ in range(5):
        await asyncio.sleep(0.01)
        yield f"{[*found, await request.is_disconnected()]} "

async def stays(request):
    return StreamResponse(looks(request, [await request.is_disconnected() for _ in range(3)]), "text/plain")

async def loops(request):
    path("began").touch()
    while not await request.is_disconnected():
        await asyncio.sleep(0.01)
    path("noticed").touch()

async def streams(request):
    return StreamResponse(waits(request), "text/plain")

async def waits(request):
    path("began").touch()
    try:
        while not await request.is_disconnected():
            yield "."
            await asyncio.sleep(0.01)
    finally:
        path("noticed").touch()

for handler in (stays, loops, streams):
    router.get(f"/{handler.__name__}")(handler)
    router.post(f"/{handler.__name__}")(handler)
    router.post(f"/unread/{handler.__name__}", stream=True)(handler)

@router.get("/")
async def there(_request):
    return "here"

app = create_app(router)
"""
REQUESTS = {
    "GET": ("GET", "", None),
    "POST": ("POST", "", b"body"),
    "empty POST": ("POST", "", b""),
    "empty stream": ("POST", "/unread", b""),
}
each_request = pytest.mark.parametrize("request_", REQUESTS)


class Served:
    """A server, and the directory in which its handlers leave notes."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root
        for note in ("began", "noticed"):
            (root / note).unlink(missing_ok=True)

    def leave(self, request: str, handler: str) -> None:
        """Ask, and go as soon as the handler has begun."""
        method, prefix, content = REQUESTS[request]
        length = "" if content is None else f"content-length: {len(content)}\r\n"
        host = self.url.removeprefix("http://")
        head = f"{method} {prefix}/{handler} HTTP/1.1\r\nhost: {host}\r\n{length}\r\n"
        address, port = host.split(":")
        with socket.create_connection((address, int(port)), 20) as connection:
            connection.sendall(head.encode() + (content or b""))
            wait_for((self.root / "began").exists, "the handler")
            assert not (self.root / "noticed").exists()


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    root = tmp_path_factory.mktemp(request.param)
    with serving(request.param, root, SOURCE) as url:
        yield url, root


@pytest.fixture
def served(server: tuple[str, Path]) -> Served:
    return Served(*server)


@each_request
def test_who_is_there_is_not_taken_for_gone_and_gets_all_of_a_stream(served: Served, request_: str) -> None:
    method, prefix, content = REQUESTS[request_]
    answer = httpx.request(method, f"{served.url}{prefix}/stays", content=content, timeout=20)
    assert answer.text == f"{[False] * 4} " * 5


@each_request
@pytest.mark.parametrize("handler", ["loops", "streams"])
def test_who_goes_is_noticed(served: Served, request_: str, handler: str) -> None:
    served.leave(request_, handler)
    wait_for((served.root / "noticed").exists, "the handler to notice")


def test_a_single_look_finds_what_the_server_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "FIRST_LOOK", 60)
    messages: Iterator[dict[str, object]] = iter(
        [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, object]:
        for _ in range(5):
            await asyncio.sleep(0)
        return next(messages)

    async def look() -> bool:
        return await Request({"type": "http"}, receive=receive).is_disconnected()

    assert asyncio.run(look()) is True


class Waiting:
    """A client that stays: how many wait to hear that it goes."""

    def __init__(self) -> None:
        self.receivers = 0
        self._messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive(self) -> dict[str, object]:
        if self._messages:
            return self._messages.pop()
        self.receivers += 1
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
        finally:
            self.receivers -= 1

    async def send(self, _message: object) -> None:
        """Goes nowhere."""


async def drips() -> AsyncIterator[str]:
    yield "."
    await asyncio.sleep(0)


def test_who_asks_on_after_the_answer_is_raised_that_the_client_has_gone() -> None:
    async def scenario() -> list[bool]:
        router, seen = Router(), list[bool]()

        async def watch(request: Request) -> None:
            while not seen or not seen[-1]:
                seen.append(await request.is_disconnected())
                await asyncio.sleep(0)

        @router.get("/")
        async def handler(request: Request) -> str:
            tasks.append(asyncio.create_task(watch(request)))
            await until(lambda: seen, "the first look")
            return "answered"

        tasks: list[asyncio.Task[None]] = []
        client = Waiting()
        await create_app(router)(http_scope(), client.receive, client.send)
        await tasks[0]
        return seen

    *before, after = asyncio.run(scenario())
    assert before
    assert not any(before)
    assert after


def _cancelled() -> ASGIApp:
    router = Router()

    @router.get("/")
    async def handler(request: Request) -> None:
        await request.is_disconnected()
        raise asyncio.CancelledError

    return create_app(router)


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(_cancelled(), id="a handler that is cancelled"),
        pytest.param(StreamResponse(drips(), "text/plain"), id="a stream without an app of ours"),
    ],
)
def test_nobody_goes_on_waiting_for_a_request_that_has_ended(app: ASGIApp) -> None:
    async def scenario() -> int:
        client = Waiting()
        with contextlib.suppress(asyncio.CancelledError):
            await app(http_scope(), client.receive, client.send)
        await asyncio.sleep(0)
        return client.receivers

    assert asyncio.run(scenario()) == 0


def test_an_app_that_is_asked_after_another_has_a_stream_of_its_own() -> None:
    async def scenario() -> list[bytes]:
        router, scope, client, sent = Router(), http_scope(), Waiting(), []

        @router.get("/")
        async def handler(request: Request) -> StreamResponse:
            await request.is_disconnected()
            return StreamResponse(drips(), "text/plain")

        async def send(message: Message) -> None:
            sent.append(message.get("body", b""))

        for _ in range(2):
            await create_app(router)(scope, client.receive, send)
        return sent

    assert asyncio.run(scenario()) == [b"", b".", b""] * 2


def test_a_middleware_that_has_taken_the_body_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "END_WITHIN", 0.01)

    async def look() -> bool:
        client = Waiting()
        await client.receive()
        return await Request({"type": "http"}, receive=client.receive).is_disconnected()

    assert asyncio.run(look()) is False
