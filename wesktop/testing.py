"""A synchronous client that calls an ASGI application in memory, for tests of applications."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from wesktop.asgi.types import ASGIApp, Message, Receive, Scope, Send

try:
    import httpx
    from anyio.from_thread import BlockingPortal, start_blocking_portal
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("the TestClient needs httpx: pip install wesktop[testing]", name=error.name) from error

T = TypeVar("T")


class TestClient:
    """Sends requests to *app* without a server, by httpx.

    As a context manager, runs the app's lifespan around the block, and its background tasks beside it:

        with TestClient(app) as client:
            assert client.get("/").status_code == 200

    Without, each request has an event loop of its own and there is no lifespan. Parameters: *app*, any ASGI
    application; *base_url*, "http://testserver" unless given; *headers*, sent with every request. Cookies are kept.
    A response is returned when it is complete: a stream must end.

    Raises ModuleNotFoundError, when imported, if httpx is not installed, and RuntimeError when the lifespan fails.
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
        self._portal: BlockingPortal | None = None
        self._exit = ExitStack()

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request; *options* are those of `httpx.AsyncClient.request`. Raises what the app raises."""
        return self._run(lambda: self._request(method, url, **options))

    def get(self, url: str, **options: Any) -> httpx.Response:
        """Send a GET request, as `request` does."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> httpx.Response:
        """Send a HEAD request, as `request` does."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> httpx.Response:
        """Send an OPTIONS request, as `request` does."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        """Send a POST request, as `request` does."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> httpx.Response:
        """Send a PUT request, as `request` does."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> httpx.Response:
        """Send a PATCH request, as `request` does."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> httpx.Response:
        """Send a DELETE request, as `request` does."""
        return self.request("DELETE", url, **options)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            lifespan = _LifespanRun(self.app, self._state)
            portal.call(lifespan.startup)
            stack.callback(portal.call, lifespan.shutdown)
            self._portal = portal
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._portal = None
        self._exit.close()

    def _run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run(function()) if self._portal is None else self._portal.call(function)

    async def _request(self, method: str, url: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self._app_with_state),
            base_url=self.base_url,
            headers=self.headers,
            cookies=self.cookies,
            trust_env=False,
        ) as client:
            response = await client.request(method, url, **options)
            self.cookies = client.cookies
            return response

    async def _app_with_state(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "state": self._state.copy()}, receive, send)


class _LifespanRun:
    """The server's side of the lifespan protocol."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self._app = app
        self._state = state

    async def startup(self) -> None:
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        self._task = asyncio.ensure_future(self._app(scope, self._to_app.get, self._from_app.put))
        await self._exchange("startup")

    async def shutdown(self) -> None:
        await self._exchange("shutdown")
        await self._task

    async def _exchange(self, phase: str) -> None:
        await self._to_app.put({"type": f"lifespan.{phase}"})
        answer = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait((answer, self._task), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            self._task.result()  # raises what the app raised
            raise RuntimeError(f"the app's lifespan returned without an answer to {phase}")
        if answer.result()["type"] != f"lifespan.{phase}.complete":
            raise RuntimeError(f"lifespan {phase} failed: {answer.result().get('message', '')}")
