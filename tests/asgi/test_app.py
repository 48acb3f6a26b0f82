import asyncio
import functools
import inspect
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from asgi.memory import Exchange, http_scope, request
from wesktop import asgi
from wesktop.asgi import JSONResponse, Request, Router, create_app
from wesktop.asgi.types import ASGIApp, Receive, Scope, Send


def app_of(handler: Any, **options: Any) -> ASGIApp:
    router = Router()
    router.add_route("GET", "/", handler)
    return create_app(router, **options)


class AsyncObject:
    async def __call__(self, _request: Request) -> str:
        return threading.current_thread().name

    async def method(self, _request: Request) -> str:
        return threading.current_thread().name

    def plain_method(self, _request: Request) -> str:
        return threading.current_thread().name


async def async_function(_request: Request, _more: int = 0) -> str:
    return threading.current_thread().name


def plain_function(_request: Request, _more: int = 0) -> str:
    return threading.current_thread().name


@pytest.mark.parametrize(
    ("handler", "on_loop"),
    [
        (async_function, True),
        (functools.partial(async_function, _more=1), True),
        (AsyncObject(), True),
        (AsyncObject().method, True),
        (plain_function, False),
        (functools.partial(plain_function, _more=1), False),
        (AsyncObject().plain_method, False),
        (lambda request: plain_function(request), False),
    ],
)
def test_async_handler_runs_on_the_loop_and_a_plain_one_in_a_thread(handler: Any, on_loop: bool) -> None:
    thread = request(app_of(handler)).text
    assert (thread == threading.current_thread().name) is on_loop


def test_plain_handlers_run_side_by_side() -> None:
    barrier = threading.Barrier(2, timeout=10)

    def meet(_request: Request) -> dict[str, int]:
        return {"n": barrier.wait()}

    async def scenario() -> list[Any]:
        app = app_of(meet)
        answers = await asyncio.gather(*(Exchange(app, http_scope()).run() for _ in range(2)))
        return sorted(answer.json["n"] for answer in answers)

    assert asyncio.run(scenario()) == [0, 1]


def test_request_carries_scope_parameters_and_body() -> None:
    router = Router()

    @router.get("/items/{id}")
    async def item(request: Request) -> list[Any]:
        return [request.path_params["id"], request.query("n", 0, int), request.header("x-a"), request.body_size]

    answer = request(create_app(router), "GET", "/items/ü 1", [("x-a", "b")], query="n=3")
    assert answer.json == ["ü 1", 3, "b", 0]


def test_unknown_path_is_404() -> None:
    answer = request(create_app(Router()), "GET", "/nowhere")
    assert (answer.status, answer.body) == (404, b'{"error":"not found"}')
    assert request(create_app(Router()), "OPTIONS", "/nowhere").status == 404


def test_known_path_with_another_method_is_405_with_allow() -> None:
    answer = request(app_of(async_function), "POST", "/")
    assert (answer.status, answer.body) == (405, b'{"error":"method not allowed"}')
    assert answer.header("allow") == "GET, HEAD, OPTIONS"


def test_options_is_204_with_allow_unless_it_has_a_handler() -> None:
    router = Router()
    router.add_route("POST", "/a", plain_function)
    router.add_route("OPTIONS", "/b", lambda _request: "own")
    answer = request(create_app(router), "OPTIONS", "/a")
    assert (answer.status, answer.header("allow"), answer.body) == (204, "POST, OPTIONS", b"")
    assert request(create_app(router), "OPTIONS", "/b").text == "own"


def test_head_has_the_headers_of_get_and_no_body() -> None:
    app = app_of(lambda _request: {"a": 1})
    head = request(app, "HEAD")
    assert head.raw_headers == request(app).raw_headers
    assert (head.status, head.body, head.header("content-length")) == (200, b"", "7")


async def failing(_request: Request) -> None:
    raise KeyError("password=123")


def failing_in_thread(_request: Request) -> None:
    raise KeyError("password=123")


def stopping_iteration(_request: Request) -> Any:
    return next(iter(()))


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (failing, KeyError),
        (failing_in_thread, KeyError),
        (stopping_iteration, RuntimeError),
        (lambda _request: 42, TypeError),
        (lambda _request: {"a": object()}, TypeError),
        (lambda _request: JSONResponse({}, 1000), ValueError),
    ],
)
def test_failing_handler_is_500_without_its_text_and_logged_once(
    handler: Any, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    answer = request(app_of(handler, name="myapp"))
    assert (answer.status, answer.json["error"]) == (500, "internal server error")
    [record] = caplog.records
    said = f"GET / failed (error {answer.json['id']})"
    assert (record.name, record.levelno, record.getMessage()) == ("myapp", logging.ERROR, said)
    assert record.exc_info is not None
    assert record.exc_info[0] is error


def test_logger_is_wesktop_unless_named(caplog: pytest.LogCaptureFixture) -> None:
    request(app_of(failing))
    assert caplog.records[0].name == "wesktop"


def test_cancelled_handler_is_neither_answered_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        started = asyncio.Event()

        async def waiting(_request: Request) -> None:
            started.set()
            await asyncio.Event().wait()

        exchange = Exchange(app_of(waiting), http_scope())
        running = asyncio.create_task(exchange.run())
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert exchange.answer.status == 0

    asyncio.run(scenario())
    assert not caplog.records


def middleware(name: str, log: list[str]) -> type:
    class Middleware:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            log.append(f"{name} {scope['type']}")
            await self.app(scope, receive, send)

    return Middleware


def test_middleware_is_applied_outermost_first_and_sees_every_scope_type() -> None:
    log: list[str] = []
    app = app_of(async_function, middleware=[middleware("outer", log), middleware("inner", log)])
    request(app)

    async def websocket_and_lifespan() -> None:
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}, {"type": "websocket.connect"}]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(_message: Any) -> None: ...

        await app({"type": "lifespan"}, receive, send)
        await app({"type": "websocket", "path": "/none"}, receive, send)

    asyncio.run(websocket_and_lifespan())
    kinds = ["http", "lifespan", "websocket"]
    assert log == [f"{name} {kind}" for kind in kinds for name in ("outer", "inner")]


def test_unknown_scope_type_is_refused() -> None:
    with pytest.raises(RuntimeError, match="'telnet'"):
        request(create_app(Router()), type="telnet")


def test_route_added_later_is_served() -> None:
    router = Router()
    app = create_app(router)
    assert request(app).status == 404
    router.get("/")(async_function)
    assert request(app).status == 200


def test_signature_of_create_app_is_the_specified_one() -> None:
    parameters = list(inspect.signature(create_app).parameters.values())
    specified = ["router", "middleware", "static_dir", "static_path", "spa_fallback", "lifespan", "name"]
    assert [parameter.name for parameter in parameters][:7] == specified
    assert [parameter.default for parameter in parameters[1:7]] == [None, None, "/assets", None, None, None]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters[1:])


def test_all_public_names_exist() -> None:
    assert [name for name in asgi.__all__ if not hasattr(asgi, name)] == []


def test_import_takes_nothing_that_is_heavy() -> None:
    heavy = {"email", "http.client", "mimetypes", "granian", "httpx", "webview", "click", "psutil", "wesktopd"}
    program = "import sys, wesktop.asgi, wesktop.sse; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert heavy.isdisjoint(modules.split())
