"""Corners where several parts meet: mounted apps, bodies that are answered while they come, clients that go."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from asgi.memory import body_messages, request
from asgi.real import granian
from support.waiting import wait_for
from wesktop.asgi import (
    FileResponse,
    HTTPError,
    JSONResponse,
    Request,
    Router,
    StreamResponse,
    TextResponse,
    WebSocket,
    create_app,
)

SENT: list[int] = []
ENDED: list[str] = []


async def push(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send("x")
            SENT.append(1)
            await asyncio.sleep(0.01)
    finally:
        ENDED.append("push")


def test_a_body_can_be_answered_while_it_comes_and_a_push_ends_with_its_client() -> None:
    router = Router()
    gone: list[float] = []

    @router.post("/back", stream=True)
    async def back(request: Request) -> StreamResponse:
        return StreamResponse(request.stream(), "application/octet-stream")

    @router.get("/wait")
    async def wait(request: Request) -> None:
        while not await request.is_disconnected():  # noqa: ASYNC110  what it is for
            await asyncio.sleep(0.01)
        gone.append(time.monotonic())

    router.websocket("/push")(push)
    with granian(create_app(router)) as port:
        chunks = [b"%d," % number * 5000 for number in range(10)]
        answer = httpx.post(f"http://127.0.0.1:{port}/back", content=iter(chunks), timeout=20)
        assert answer.content == b"".join(chunks)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"http://127.0.0.1:{port}/wait", timeout=0.2)
        wait_for(lambda: gone, "the handler to notice")
        with connect(f"ws://127.0.0.1:{port}/push") as client:
            assert client.recv(timeout=20) == "x"
        wait_for(lambda: ENDED == ["push"], "the end of the push")


def test_an_app_answers_below_where_it_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("static")
    router = Router()
    router.get("/x/{id}")(lambda request: request.path_params)
    router.get("/b/")(lambda _request: "b")
    app = create_app(router, static_dir=tmp_path, redirect_slashes=True)
    for root in ("", "/api", "/a/b"):
        assert request(app, "GET", f"{root}/x/1", root_path=root).json == {"id": "1"}
        assert request(app, "GET", f"{root}/assets/a.txt", root_path=root).text == "static"
        assert request(app, "GET", f"{root}/b", root_path=root).header("location") == f"{root}/b/"
    assert request(app, "GET", "/apix/x/1", root_path="/api").status == 404


def test_an_error_handler_is_given_the_request_that_failed() -> None:
    router = Router()

    @router.post("/{id:int}")
    async def failing(request: Request) -> None:
        raise KeyError("x")

    @router.error_handler(KeyError)
    def answer(request: Request, _error: KeyError) -> list[Any]:
        return [request.path_params, request.json]

    @router.error_handler(Exception)
    def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return JSONResponse("unexpected", 500)

    app = create_app(router)
    answer_ = request(app, "POST", "/5", [("content-length", "2")], messages=body_messages(b"{}"))
    assert answer_.json == [{"id": 5}, {}]
    assert request(app, "GET", "/nowhere").status == 404, "which nobody could call unexpected"
    late = Router()
    late.error_handler(404)(lambda _request, _error: JSONResponse("late", 404))
    router.include(late)
    assert request(app, "GET", "/nowhere").json == "late"


@pytest.mark.parametrize(
    "error",
    [lambda: HTTPError(429, headers={"Retry-After": 5}), lambda: HTTPError(400, object())],  # type: ignore[dict-item]
)
def test_an_error_that_cannot_be_answered_is_a_500_and_logged(error: Any, caplog: pytest.LogCaptureFixture) -> None:
    router = Router()

    @router.get("/")
    async def failing(_request: Request) -> None:
        raise error()

    answer = request(create_app(router))
    assert answer.status == 500
    assert answer.json["id"] in caplog.text


def test_a_page_for_404_may_be_missing_itself(tmp_path: Path) -> None:
    router = Router()
    router.error_handler(404)(lambda _request, _error: FileResponse(tmp_path / "404.html"))
    assert request(create_app(router), "GET", "/nowhere").status == 404


def test_no_http_method_reaches_a_websocket_handler() -> None:
    router = Router()
    router.websocket("/push")(push)
    for method in ("websocket", "WEBSOCKET"):
        assert request(create_app(router), method, "/push").status == 404
    with pytest.raises(TypeError, match="async"):
        router.websocket("/plain")(lambda _socket: None)


def test_a_stream_that_is_cancelled_from_within_is_no_complete_answer() -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "first"
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task

    router = Router()
    router.get("/")(lambda _request: StreamResponse(chunks(), "text/plain"))
    with pytest.raises(RuntimeError, match="cancelled"):
        request(create_app(router))


def test_a_link_that_comes_to_lead_elsewhere_is_followed_anew(tmp_path: Path) -> None:
    for release in ("r1", "r2"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "a.js").write_text(release)
    (tmp_path / "current").symlink_to("r1")
    app = create_app(Router(), static_dir=tmp_path)
    assert request(app, "GET", "/assets/current/a.js").text == "r1"
    (tmp_path / "next").symlink_to("r2")
    (tmp_path / "next").replace(tmp_path / "current")
    assert request(app, "GET", "/assets/current/a.js").text == "r2"


def test_a_variant_that_is_gone_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "big.js").write_bytes(bytes(300_000))
    (tmp_path / "big.js.br").write_bytes(bytes(290_000))
    app = create_app(Router(), static_dir=tmp_path)
    br = [("accept-encoding", "br")]
    assert request(app, "GET", "/assets/big.js", br).header("content-encoding") == "br"
    (tmp_path / "big.js.br").unlink()
    answer = request(app, "GET", "/assets/big.js", br)
    assert (answer.status, answer.header("content-encoding"), len(answer.body)) == (200, None, 300_000)


def test_a_route_below_the_static_path_keeps_its_methods(tmp_path: Path) -> None:
    router = Router()
    router.post("/assets/upload")(lambda _request: "up")
    app = create_app(router, static_dir=tmp_path)
    assert request(app, "GET", "/assets/upload").header("allow") == "POST, OPTIONS"
    assert request(app, "OPTIONS", "/assets/upload").status == 204
    assert request(app, "GET", "/assets/else").status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("if-match", '"other"')], 412), ([("if-match", "*")], 200),
        ([("if-match", '"other"'), ("range", "bytes=0-1")], 412),
        ([("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT")], 412),
        ([("if-unmodified-since", "Thu, 01 Jan 2099 00:00:00 GMT")], 200), ([("if-unmodified-since", "soon")], 200),
    ],
)  # fmt: skip
def test_a_file_is_not_sent_where_another_version_was_meant(
    tmp_path: Path, headers: list[tuple[str, str]], status: int
) -> None:
    (tmp_path / "a.txt").write_text("abc")
    assert request(FileResponse(tmp_path / "a.txt"), headers=headers).status == status


def test_headers_that_are_given_take_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abc")
    given = {"ETag": '"mine"', "Content-Disposition": "inline"}
    answer = request(FileResponse(tmp_path / "a.txt", headers=given, download_name="x"))
    assert (answer.header("etag"), answer.header("content-disposition")) == ('"mine"', "inline")


def test_small_things(caplog: pytest.LogCaptureFixture) -> None:
    router = Router()

    @router.get("/{path:path}")
    async def failing(request: Request) -> None:
        raise KeyError("x")

    request(create_app(router), "GET", "/a\nforged")
    assert "/a\\nforged failed" in caplog.text
    with pytest.raises(ValueError, match="UTF-8"):
        TextResponse("x", "text/plain; charset=iso-8859-1")
    response = TextResponse("x")
    response.delete_cookie("__Host-s")
    assert "Secure" in (request(response).header("set-cookie") or "")
