"""The clients: one for async tests, one for all others."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from wesktop.asgi.types import ASGIApp, Message, Receive, Scope, Send
from wesktop.testing.connection import AppConnection
from wesktop.testing.events import Event, EventStream
from wesktop.testing.lifespan import LifespanRun
from wesktop.testing.verbs import Verbs
from wesktop.testing.websockets import WebSocketSession

try:
    import httpx
    from anyio.from_thread import BlockingPortal, start_blocking_portal
except ModuleNotFoundError as error:
    from wesktop.extras import install_command

    raise ModuleNotFoundError(f"TestClient needs httpx: {install_command('testing')}", name=error.name) from error

T = TypeVar("T")

BODY_END: Message = {"type": "http.request", "body": b"", "more_body": False}
GONE: Message = {"type": "http.disconnect"}
CLOSED: Message = {"type": "websocket.disconnect", "code": 1000, "reason": ""}


class AsyncTestClient(Verbs[Coroutine[Any, Any, httpx.Response]]):
    """Sends requests to *app* without a server, by httpx, from a test that is async.

    As an async context manager, runs the app's lifespan around the block:

        async with AsyncTestClient(app) as client:
            assert (await client.get("/")).status_code == 200
            async with client.events("/events") as events:
                async for event in events: ...
            async with client.websocket("/echo") as socket:
                await socket.send("hi")

    Without, there is no lifespan. Parameters: *app*, any ASGI application; *base_url*, "http://testserver" unless
    given; *headers*, sent with every request. Cookies are kept. A response is returned when it is complete: a stream
    must end, or be read by `events`. Requests raise what the app raises, and the context RuntimeError when the
    lifespan fails.
    """

    __test__ = False  # not a test class, whatever pytest makes of the name

    def __init__(
        self, app: ASGIApp, base_url: str = "http://testserver", headers: dict[str, str] | None = None
    ) -> None:
        self.app = app
        self.base_url = base_url
        self.headers = headers
        self.cookies = httpx.Cookies()
        self._state: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        self._lifespan = LifespanRun(self.app, self._state)
        await self._lifespan.startup()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lifespan.shutdown()

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request; *options* are those of `httpx.AsyncClient.request`."""
        async with self._httpx() as client:
            return await client.request(method, url, **options)

    @asynccontextmanager
    async def events(self, url: str, *, headers: dict[str, str] | None = None) -> AsyncIterator[EventStream]:
        """Follow a stream of server-sent events; the context's end disconnects the client.

        Raises RuntimeError if the response is not an event stream, or the app goes on after the disconnect.
        """
        scope = {**self._scope("GET", url, {"accept": "text/event-stream", **(headers or {})}), "type": "http"}
        async with AppConnection(self.app, scope, BODY_END, GONE) as connection:
            stream = EventStream(connection)
            self._keep_cookies(url, await stream.begin())
            yield stream

    @asynccontextmanager
    async def websocket(
        self, url: str, *, subprotocols: Sequence[str] = (), headers: dict[str, str] | None = None
    ) -> AsyncIterator[WebSocketSession]:
        """Connect to a WebSocket; at the end of the context it is closed.

        Raises WebSocketRefused when the app does not accept it.
        """
        scope = {**self._scope("GET", url, headers or {}), "type": "websocket", "subprotocols": list(subprotocols)}
        scope["scheme"] = scope["scheme"].replace("http", "ws")
        async with AppConnection(self.app, scope, {"type": "websocket.connect"}, CLOSED) as connection:
            session = WebSocketSession(connection)
            self._keep_cookies(url, await session.begin())
            yield session

    def _scope(self, method: str, url: str, headers: dict[str, str]) -> Scope:
        client = self._httpx()
        request = client.build_request(method, url, headers=headers)
        raw_path, _, query = request.url.raw_path.partition(b"?")
        return {
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 123),
            "server": (request.url.host, request.url.port or 80),
            "state": self._state.copy(),
        }

    def _httpx(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self._app_with_state),
            base_url=self.base_url,
            headers=self.headers,
            cookies=self.cookies.jar,  # the very one, as requests may be under way at the same time: not a copy
            trust_env=False,
        )

    def _keep_cookies(self, url: str, raw_headers: list[tuple[bytes, bytes]]) -> None:
        """Keep what the start of a stream or a WebSocket has set."""
        request = self._httpx().build_request("GET", url)
        self.cookies.extract_cookies(httpx.Response(200, headers=raw_headers, request=request))

    async def _app_with_state(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "state": self._state.copy()}, receive, send)


class TestClient(Verbs[httpx.Response]):
    """The same for tests that are not async:

        with TestClient(app) as client:
            assert client.get("/").status_code == 200
            with client.events("/events") as events:
                assert next(events).data == "hello"
            with client.websocket("/echo") as socket:
                socket.send("hi")

    As a context manager, runs the app's lifespan around the block, and its background tasks during it. Without, each
    request has an event loop of its own and there is no lifespan. Parameters and errors are those of
    `AsyncTestClient`.
    """

    __test__ = False

    def __init__(
        self, app: ASGIApp, base_url: str = "http://testserver", headers: dict[str, str] | None = None
    ) -> None:
        self._client = AsyncTestClient(app, base_url, headers)
        self._portal: BlockingPortal | None = None
        self._exit = ExitStack()

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies that are sent."""
        return self._client.cookies

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request; *options* are those of `httpx.AsyncClient.request`. Raises what the app raises."""
        return self._run(lambda: self._client.request(method, url, **options))

    @contextmanager
    def events(self, url: str, **options: Any) -> Iterator[Iterator[Event]]:
        """Follow a stream of server-sent events, as `AsyncTestClient.events` does."""
        with self._loop() as portal, portal.wrap_async_context_manager(self._client.events(url, **options)) as stream:
            yield _each(portal, stream)

    @contextmanager
    def websocket(self, url: str, **options: Any) -> Iterator["SyncWebSocketSession"]:
        """Connect to a WebSocket, as `AsyncTestClient.websocket` does."""
        with (
            self._loop() as portal,
            portal.wrap_async_context_manager(self._client.websocket(url, **options)) as session,
        ):
            yield SyncWebSocketSession(portal, session)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self._client))
            self._portal = portal
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._portal = None
        self._exit.close()

    @contextmanager
    def _loop(self) -> Iterator[BlockingPortal]:
        """The loop that the lifespan runs on, or one for this connection."""
        with ExitStack() as stack:
            yield self._portal or stack.enter_context(_portal())

    def _run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run(function()) if self._portal is None else self._portal.call(function)


def _portal() -> AbstractContextManager[BlockingPortal]:
    return start_blocking_portal()


def _each(portal: BlockingPortal, stream: EventStream) -> Iterator[Event]:
    async def following() -> Event | None:
        return await anext(stream, None)

    while (event := portal.call(following)) is not None:
        yield event


class SyncWebSocketSession:
    """A `WebSocketSession` for tests that are not async."""

    def __init__(self, portal: BlockingPortal, session: WebSocketSession) -> None:
        self._portal = portal
        self._session = session
        self.subprotocol = session.subprotocol
        self.headers = session.headers

    def send(self, data: str | bytes) -> None:
        """Send text or bytes."""
        self._portal.call(self._session.send, data)

    def send_json(self, data: Any) -> None:
        """Send JSON, in a text message."""
        self._portal.call(self._session.send_json, data)

    def receive(self) -> str | bytes:
        """Return the app's next message. Raises WebSocketClosed if it has closed."""
        return self._portal.call(self._session.receive)

    def receive_json(self) -> Any:
        """Return the app's next message, decoded from JSON. Raises ValueError if it is not, and as `receive`."""
        return self._portal.call(self._session.receive_json)

    def close(self) -> None:
        """Close the connection."""
        self._portal.call(self._session.close)
