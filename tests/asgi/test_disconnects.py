"""`request.is_disconnected()` under real servers: true once the client has gone, and asking ends nothing."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.other_servers import SERVERS, serving
from support.waiting import wait_for
from wesktop.asgi import Request, bodies

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
