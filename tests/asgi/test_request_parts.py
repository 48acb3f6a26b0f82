"""Further parts of a request: lists, URLs, typed bodies, streamed bodies, time limits."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from asgi.memory import DISCONNECT, Exchange, body_messages, fetch, http_scope, request
from wesktop.asgi import Request, Router, create_app
from wesktop.asgi.types import Message


class User(msgspec.Struct):
    name: str
    age: int = 0


@dataclass
class Point:
    x: float
    y: float


def decoding(type_: Any) -> Any:
    router = Router()
    router.post("/")(lambda request: {"decoded": msgspec.to_builtins(request.decode(type_))})
    return create_app(router)


def post(app: Any, body: bytes, path: str = "/") -> Any:
    return request(app, "POST", path, [("content-length", str(len(body)))], messages=body_messages(body))


@pytest.mark.parametrize(
    ("type_", "body", "decoded"),
    [
        (User, b'{"name":"Ada","age":3}', {"name": "Ada", "age": 3}),
        (Point, b'{"x":1,"y":2.5}', {"x": 1.0, "y": 2.5}),
        (list[int], b"[1,2]", [1, 2]),
        (dict[str, uuid.UUID], b'{"a":"12345678-1234-5678-1234-567812345678"}', None),
    ],
)
def test_a_body_becomes_the_type_that_is_asked_for(type_: Any, body: bytes, decoded: Any) -> None:
    answer = post(decoding(type_), body)
    assert answer.status == 200
    assert decoded is None or answer.json == {"decoded": decoded}


@pytest.mark.parametrize(
    ("type_", "body", "status", "said"),
    [
        (User, b'{"age":3}', 422, "missing required field `name`"),
        (User, b'{"name":"x","age":"old"}', 422, "$.age"),
        (list[User], b'[{"name":"x"},{"name":1}]', 422, "$[1].name"),
        (User, b"{", 400, "not JSON"),
        (User, b"", 400, "not JSON"),
        (User, b"\xff", 400, "not JSON"),
        (Any, b"[" * 100_000, 400, "not JSON"),
        (User, b'{"name":"\xff"}', 400, "not JSON"),
    ],
)
def test_a_body_that_is_not_is_answered_with_path_and_reason(type_: Any, body: bytes, status: int, said: str) -> None:
    answer = post(decoding(type_), body)
    assert answer.status == status
    assert said in answer.json["error"]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"NaN", b"[NaN]", b"[" * 100_000, b'"\xed\xa0\x80"', b"{'a':1}", b""]
)
def test_json_is_none_whatever_is_malformed_about_it(body: bytes) -> None:
    assert Request(http_scope(), body=body).json is None


def test_every_value_of_a_query_parameter_is_there() -> None:
    request = Request(http_scope(query="a=1&b=x&a=2&a=z&c=&f=yes&f=no&f=maybe"))
    assert request.query_list("a") == ["1", "2", "z"]
    assert request.query_list("a", int) == [1, 2]
    assert request.query_list("f", bool) == [True, False]
    assert request.query_list("none") == []
    assert request.query("a") == "1"


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        (http_scope(path="/a b", headers=[("host", "localhost:8000")], query="x=1"), "http://localhost:8000/a b?x=1"),
        ({**http_scope(path="/ü"), "raw_path": b"/%C3%BC"}, "http://127.0.0.1:8000/%C3%BC"),
        ({**http_scope(path="/ü"), "raw_path": None, "scheme": "https", "server": None}, "https://localhost/%C3%BC"),
    ],
)
def test_the_url_is_as_the_client_has_asked(scope: Any, url: str) -> None:
    assert Request(scope).url == url


def test_the_client_is_its_address_and_port() -> None:
    assert Request(http_scope()).client == ("127.0.0.1", 50000)
    assert Request(http_scope(client=None)).client is None


def streaming(**options: Any) -> Any:
    router = Router()

    async def chunks(request: Request) -> list[int]:
        assert request.body is None
        return [len(chunk) async for chunk in request.stream()]

    router.post("/", stream=True)(chunks)
    router.post("/large", stream=True, max_body_size=None)(chunks)
    router.post("/small", stream=True, max_body_size=2)(chunks)

    @router.post("/whole")
    async def whole(request: Request) -> list[int]:
        return [len(chunk) async for chunk in request.stream()]

    return create_app(router, max_body_size=10, **options)


@pytest.mark.parametrize(
    ("path", "chunks", "status"),
    [
        ("/", [b"abc", b"", b"de"], 200),
        ("/", [b"abcdef", b"ghijk"], 413),
        ("/large", [b"abcdef", b"ghijk"], 200),
        ("/small", [b"ab"], 200),
        ("/small", [b"abc"], 413),
        ("/whole", [b"ab", b"c"], 200),
        ("/whole", [b""], 200),
    ],
)
def test_a_body_is_streamed_within_the_routes_own_limit(path: str, chunks: list[bytes], status: int) -> None:
    answer = request(streaming(), "POST", path, [("transfer-encoding", "chunked")], messages=body_messages(*chunks))
    assert answer.status == status
    if status == 200:
        assert sum(answer.json) == sum(map(len, chunks))
        assert 0 not in answer.json


def test_a_stream_that_is_cut_short_is_an_error_to_its_reader() -> None:
    messages: list[Message] = [*body_messages(b"abc", b"")[:1], DISCONNECT]
    answer = request(streaming(), "POST", "/", [("content-length", "9")], messages=messages)
    assert (answer.status, answer.json) == (400, {"error": "request body cut short"})


@pytest.mark.parametrize("path", ["/", "/whole"])
def test_a_body_that_does_not_come_is_answered_with_408(path: str) -> None:
    async def scenario() -> Any:
        app = streaming(body_timeout=0.01)
        return await fetch(app, "POST", path, [("content-length", "5")], messages=body_messages(b"ab", b"c")[:1])

    answer = asyncio.run(scenario())
    assert (answer.status, answer.json) == (408, {"error": "request body too slow"})
    assert answer.header("connection") == "close"


def test_a_handler_can_ask_whether_its_client_is_there() -> None:
    seen: list[bool] = []

    async def scenario() -> None:
        router = Router()
        exchange: Exchange

        @router.post("/")
        async def handler(request: Request) -> None:
            seen.append(await request.is_disconnected())
            exchange.disconnect()
            await asyncio.sleep(0)
            seen.append(await request.is_disconnected())
            seen.append(await request.is_disconnected())

        scope = http_scope("POST", headers=[("content-length", "2")])
        exchange = Exchange(create_app(router), scope, body_messages(b"ab"))
        await exchange.run()

    asyncio.run(scenario())
    assert seen == [False, True, True]


@pytest.mark.parametrize(
    "limit",
    ["max_body_size", "body_timeout", "max_form_parts", "write_timeout", "max_message_size", "max_queue_size"],
)
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_that_is_not_above_zero_is_refused(limit: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{limit} must be above zero, not {value}"):
        create_app(Router(), **{limit: value})  # type: ignore[arg-type]
