"""The app under other servers, and inside of others' middleware: real uvicorn and hypercorn, real Starlette."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from websockets.sync.client import connect

from support.other_servers import SERVERS, serving
from support.waiting import wait_for
from wesktop.asgi import FileResponse, HTTPError, JSONResponse, Request, Router, StreamResponse, WebSocket, create_app
from wesktop.testing import TestClient


def served_app(root: str) -> Any:
    """The app that the servers serve; it leaves `stopped` in *root* at its end."""
    router = Router()

    @router.get("/")
    async def home(request: Request) -> dict[str, Any]:
        return {"state": request.state["greeting"], "client": request.client and request.client[0]}

    @router.post("/echo")
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse(request.json, headers={"X-Size": str(request.body_size)}, cookies={"seen": "1"})

    @router.post("/upload", stream=True)
    async def upload(request: Request) -> int:
        return JSONResponse(sum([len(chunk) async for chunk in request.stream()]))  # type: ignore[return-value]

    @router.get("/stream")
    async def stream(_request: Request) -> StreamResponse:
        return StreamResponse(chunks(), "text/plain")

    @router.get("/endless")
    async def endless(_request: Request) -> StreamResponse:
        return StreamResponse(beats(root), "text/plain")

    @router.get("/file")
    async def file(_request: Request) -> FileResponse:
        return FileResponse(Path(root) / "data.bin")

    @router.get("/teapot")
    async def teapot(_request: Request) -> None:
        raise HTTPError(418)

    @router.get("/fails")
    async def fails(_request: Request) -> None:
        raise KeyError("its own")

    @router.websocket("/ws/{name}")
    async def socket(socket: WebSocket) -> None:
        await socket.accept("chat", headers={"X-One": "1"})
        async for message in socket:
            await socket.send(message)

    async def lifespan() -> AsyncIterator[dict[str, str]]:
        yield {"greeting": "hello"}
        (Path(root) / "stopped").touch()

    return create_app(router, static_dir=root, lifespan=lifespan)


async def chunks() -> AsyncIterator[str]:
    for number in range(3):
        yield f"{number}\n"
        await asyncio.sleep(0)


async def beats(root: str) -> AsyncIterator[str]:
    try:
        while True:
            yield "beat\n"
            await asyncio.sleep(0.01)
    finally:
        (Path(root) / "closed").touch()


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server's URL, and the directory that it serves."""
    root = tmp_path_factory.mktemp(request.param)
    (root / "data.bin").write_bytes(bytes(range(256)) * 1000)
    (root / "app.js").write_text("let x")
    source = f"from asgi.test_interop import served_app\napp = served_app({str(root)!r})\n"
    with serving(request.param, root, source) as url:
        yield url, root
    assert (root / "stopped").exists(), "the lifespan was left"


def test_requests_are_answered_as_under_granian(served: tuple[str, Path]) -> None:
    url, root = served
    with httpx.Client(base_url=url) as client:
        assert client.get("/").json() == {"state": "hello", "client": "127.0.0.1"}
        answer = client.post("/echo", json={"a": [1, "ü"]})
        assert (answer.json(), answer.headers["x-size"]) == ({"a": [1, "ü"]}, str(len(answer.request.content)))
        assert answer.cookies["seen"] == "1"
        assert client.post("/upload", content=bytes(300_000)).json() == 300_000
        assert client.get("/stream").text == "0\n1\n2\n"
        assert client.get("/file").content == (root / "data.bin").read_bytes()
        part = client.get("/file", headers={"Range": "bytes=-2"})
        assert (part.status_code, part.content) == (206, b"\xfe\xff")
        head = client.head("/file")
        assert (head.headers["content-length"], head.content) == ("256000", b"")
        asset = client.get("/assets/app.js")
        assert asset.text == "let x"
        assert client.get("/assets/app.js", headers={"If-None-Match": asset.headers["etag"]}).status_code == 304
        for path, status in (("/teapot", 418), ("/fails", 500), ("/nowhere", 404), ("/assets/../made.py", 404)):
            assert client.get(path).status_code == status, path
        assert client.delete("/echo").headers["allow"] == "POST, OPTIONS"


def test_a_stream_is_closed_when_its_client_goes(served: tuple[str, Path]) -> None:
    url, root = served
    with httpx.Client(base_url=url) as client, client.stream("GET", "/endless") as answer:
        assert next(answer.iter_lines()) == "beat"
    wait_for((root / "closed").exists, "the generator's end")


def test_a_websocket_goes_both_ways_and_another_is_refused(served: tuple[str, Path]) -> None:
    url, _ = served
    address = url.replace("http", "ws")
    with connect(f"{address}/ws/ada", subprotocols=["chat"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "chat"
        for message in ("text", b"bytes"):
            socket.send(message)
            assert socket.recv() == message
    with pytest.raises(Exception, match="403"), connect(f"{address}/nowhere"):
        pass


def cors(app: Any) -> Any:
    return CORSMiddleware(app, allow_origins=["https://example.org"], allow_methods=["GET"])


def sessions(app: Any) -> Any:
    return SessionMiddleware(app, secret_key="not a secret")


def hosts(app: Any) -> Any:
    return TrustedHostMiddleware(app, allowed_hosts=["testserver"])


def wrapped(*middleware: Any) -> TestClient:
    router = Router()

    @router.get("/")
    async def home(_request: Request) -> str:
        return "x" * 2000

    @router.get("/count")
    async def count(request: Request) -> dict[str, int]:
        session = request.scope["session"]
        session["count"] = session.get("count", 0) + 1
        return dict(session)

    @router.get("/stream")
    async def stream(_request: Request) -> StreamResponse:
        return StreamResponse(chunks(), "text/plain")

    return TestClient(create_app(router, middleware=middleware))


def test_starlettes_cors_answers_preflights_and_marks_answers() -> None:
    client = wrapped(cors)
    origin = {"Origin": "https://example.org"}
    asked = client.options("/", headers={**origin, "Access-Control-Request-Method": "GET"})
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "https://example.org")
    assert client.get("/", headers=origin).headers["access-control-allow-origin"] == "https://example.org"
    assert "access-control-allow-origin" not in client.get("/", headers={"Origin": "https://evil.example"}).headers


def test_starlettes_gzip_compresses_fixed_answers_and_streams() -> None:
    client = wrapped(GZipMiddleware)
    for path, text in (("/", "x" * 2000), ("/stream", "0\n1\n2\n")):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.text == text
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers.get("content-length", str(answer.num_bytes_downloaded)) == str(
            answer.num_bytes_downloaded
        )


def test_starlettes_sessions_are_kept_in_a_cookie() -> None:
    client = wrapped(sessions)
    assert [client.get("/count").json() for _ in range(3)] == [{"count": 1}, {"count": 2}, {"count": 3}]


def test_several_stand_round_the_app_outermost_first() -> None:
    client = wrapped(hosts, sessions, GZipMiddleware)
    assert client.get("/count").json() == {"count": 1}
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_the_app_is_mounted_in_a_starlette_app(tmp_path: Path) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount, Route

    async def outer(_request: Any) -> Any:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("outer")

    router = Router()
    router.get("/inner/x")(lambda request: {"path": request.path})
    inner = create_app(router, static_dir=tmp_path)
    client = TestClient(Starlette(routes=[Route("/", outer), Mount("/", inner)]))
    assert client.get("/").text == "outer"
    assert json.loads(client.get("/inner/x").text) == {"path": "/inner/x"}
    with contextlib.suppress(KeyError):
        assert client.get("/nowhere").json() == {"error": "not found"}
