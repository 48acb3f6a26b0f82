"""An ASGI server in memory: one request, and the checks that a strict server would make of the answer."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from asgi.conformance import Conformance
from wesktop.asgi.types import ASGIApp, Message, Scope

ChunkT = TypeVar("ChunkT")

DISCONNECT: Message = {"type": "http.disconnect"}


def http_scope(
    method: str = "GET",
    path: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    query: str = "",
    **more: Any,
) -> Scope:
    """The scope of a request as a server would give it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", "50000"),
        "server": ("127.0.0.1", "8000"),
        **more,
    }


def body_messages(*chunks: bytes) -> list[Message]:
    """The receive() messages of a body that comes in *chunks*."""
    last = len(chunks) - 1
    return [{"type": "http.request", "body": chunk, "more_body": i < last} for i, chunk in enumerate(chunks)]


@dataclass
class Answer:
    """What the app sent."""

    status: int = 0
    raw_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    complete: bool = False
    received: int = 0

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        values = [value.decode("latin-1") for raw, value in self.raw_headers if raw.decode() == name.lower()]
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else None


class Exchange:
    """One request to *app*: `answer` fills while `run` is under way; `disconnect` is the client going."""

    def __init__(self, app: ASGIApp, scope: Scope, messages: Sequence[Message] | None = None) -> None:
        self.app = Conformance(app)
        self.scope = scope
        self.messages = list(body_messages(b"") if messages is None else messages)
        self.answer = Answer()
        self.gone = asyncio.Event()

    async def run(self) -> Answer:
        await self.app(self.scope, self._receive, self._send)
        assert self.answer.complete, "the app returned in the middle of the response"
        self._check_length()
        return self.answer

    def disconnect(self) -> None:
        self.gone.set()

    async def _receive(self) -> Message:
        self.answer.received += 1
        if self.messages:
            return self.messages.pop(0)
        await self.gone.wait()
        return DISCONNECT

    async def _send(self, message: Message) -> None:
        answer = self.answer
        assert not answer.complete, f"{message} after the end of the response"
        if message["type"] == "http.response.start":
            assert not answer.status, "a second response start"
            answer.status = message["status"]
            answer.raw_headers = message["headers"]
            return
        assert answer.status, f"{message} before the response start"
        answer.chunks.append(message["body"])
        answer.complete = not message.get("more_body", False)

    def _check_length(self) -> None:
        answer, length = self.answer, self.answer.header("content-length")
        if self.scope["method"] == "HEAD" or answer.status in (204, 304):
            assert answer.body == b"", "a body where none may be"
        elif length is not None:
            assert int(length) == len(answer.body), "content-length is not true"


async def until(condition: Callable[[], Any]) -> None:
    """Let the loop run until *condition* is true."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  asked after every turn of the loop, as the tests have no event to wait for
            await asyncio.sleep(0)


async def first_of(chunks: AsyncIterable[ChunkT]) -> ChunkT:
    """The first of *chunks*; StopAsyncIteration when there is none."""
    return await aiter(chunks).__anext__()


def run(app: Awaitable[None]) -> None:
    """Run what calling an app returned."""

    async def wait() -> None:
        await app

    asyncio.run(wait())


async def fetch(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    *,
    messages: Sequence[Message] | None = None,
    **scope: Any,
) -> Answer:
    """Send one request to *app*."""
    return await Exchange(app, http_scope(method, path, headers, **scope), messages).run()


def request(app: ASGIApp, method: str = "GET", path: str = "/", *args: Any, **more: Any) -> Answer:
    """Send one request to *app*, from a test that is not async."""
    return asyncio.run(fetch(app, method, path, *args, **more))
