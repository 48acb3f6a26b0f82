import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wesktop.asgi import JSONResponse, Request, Router, TextResponse, create_app
from wesktop.asgi.types import Receive, Scope, Send
from wesktop.testing import TestClient


def echo_app(**options: Any) -> Any:
    router = Router()

    def echo(request: Request) -> dict[str, Any]:
        return {
            "method": request.method,
            "json": request.json,
            "q": request.query("q"),
            "header": request.header("x-a"),
            "cookie": request.header("cookie"),
            "state": request.state,
        }

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        router.add_route(method, "/", echo)

    @router.get("/login")
    async def login(_request: Request) -> TextResponse:
        return TextResponse("in", headers={"Set-Cookie": "session=1"})

    @router.get("/thread")
    async def thread(_request: Request) -> JSONResponse:
        return JSONResponse(threading.get_ident())

    return create_app(router, **options)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("entered", [False, True])
def test_every_method_reaches_the_app(method: str, entered: bool) -> None:
    client = TestClient(echo_app(), headers={"X-A": "b"})
    if entered:
        with client:
            answer = getattr(client, method)("/", params={"q": "1"})
    else:
        answer = getattr(client, method)("/", params={"q": "1"})
    assert answer.status_code == 200
    assert (answer.json()["method"], answer.json()["q"], answer.json()["header"]) == (method.upper(), "1", "b")


def test_head_and_any_other_method_are_sent() -> None:
    client = TestClient(echo_app())
    assert (client.head("/").status_code, client.head("/").content) == (200, b"")
    assert client.request("PURGE", "/").status_code == 405


def test_body_arrives() -> None:
    assert TestClient(echo_app()).post("/", json={"a": [1]}).json()["json"] == {"a": [1]}


def test_cookies_are_kept_from_request_to_request() -> None:
    with TestClient(echo_app()) as client:
        assert client.get("/").json()["cookie"] is None
        client.get("/login")
        assert client.get("/").json()["cookie"] == "session=1"


def test_lifespan_runs_round_the_block_and_its_state_reaches_the_handlers() -> None:
    log = []

    async def lifespan() -> AsyncIterator[dict[str, int]]:
        log.append("up")
        yield {"n": 1}
        log.append("down")

    client = TestClient(echo_app(lifespan=lifespan))
    assert client.get("/").json()["state"] == {}
    with client:
        assert log == ["up"]
        assert client.get("/").json()["state"] == {"n": 1}
    assert log == ["up", "down"]


def test_background_task_of_the_lifespan_goes_on_between_requests() -> None:
    ticked = threading.Event()

    async def tick() -> None:
        await asyncio.sleep(0)
        ticked.set()

    async def lifespan() -> AsyncIterator[None]:
        task = asyncio.create_task(tick())
        yield
        await task

    with TestClient(echo_app(lifespan=lifespan)):
        assert ticked.wait(10)


def test_requests_of_a_block_share_one_loop_in_another_thread() -> None:
    with TestClient(echo_app()) as client:
        first, second = client.get("/thread").json(), client.get("/thread").json()
    assert first == second != threading.get_ident()


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_failing_lifespan_is_raised_with_its_text_and_leaves_no_thread(phase: str) -> None:
    async def lifespan() -> AsyncIterator[None]:
        if phase == "startup":
            raise ConnectionError("no database")
        yield
        raise ConnectionError("no database")

    threads = set(threading.enumerate())
    failure = pytest.raises(RuntimeError, match=rf"{phase} .*no database")
    with failure, TestClient(echo_app(lifespan=lifespan)):
        assert phase == "shutdown"
    assert set(threading.enumerate()) <= threads


async def refusing(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotImplementedError(scope["type"])


async def silent(_scope: Scope, _receive: Receive, _send: Send) -> None: ...


@pytest.mark.parametrize(
    ("app", "error", "text"),
    [(refusing, NotImplementedError, "lifespan"), (silent, RuntimeError, "without an answer to startup")],
)
def test_app_without_a_working_lifespan_is_raised(app: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text), TestClient(app):
        pytest.fail("the block was entered")


def test_what_the_app_raises_is_raised() -> None:
    with pytest.raises(NotImplementedError, match="http"):
        TestClient(refusing).get("/")


def test_import_without_httpx_names_the_remedy() -> None:
    program = "import sys; sys.modules['httpx'] = None\nimport wesktop.testing"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install httpx" in result.stderr
