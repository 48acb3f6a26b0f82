import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from asgi.memory import DISCONNECT, Answer, Exchange, body_messages, fetch, first_of, http_scope, request, until
from wesktop.asgi import Request, Router, StreamResponse, create_app
from wesktop.asgi.types import ASGIApp, Message

Source = Callable[[list[str]], AsyncIterator[bytes | str]]


async def three(log: list[str]) -> AsyncIterator[bytes | str]:
    try:
        yield b"one "
        yield "zwö "
        yield b"three"
    finally:
        log.append("closed")


async def idle(log: list[str]) -> AsyncIterator[bytes | str]:
    try:
        yield b"first"
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)  # closing takes a moment, and is waited for
        log.append("closed")


async def busy(log: list[str]) -> AsyncIterator[bytes | str]:
    try:
        while True:
            yield b"x"
    finally:
        log.append("closed")


async def stubborn(log: list[str]) -> AsyncIterator[bytes | str]:
    try:
        yield b"first"
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.append("closed")
        yield b"one more thing"


async def timing_out(_log: list[str]) -> AsyncIterator[bytes | str]:
    yield b"first"
    raise TimeoutError("its own")


def test_chunks_are_sent_one_by_one_and_text_as_utf_8() -> None:
    log: list[str] = []
    answer = request(StreamResponse(three(log), "text/plain", {"X-A": "1"}, status=201))
    assert answer.chunks == [b"one ", "zwö ".encode(), b"three", b""]
    assert (answer.status, answer.header("x-a"), answer.header("content-length")) == (201, "1", None)
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert log == ["closed"]


def test_parameters_stay_readable_as_they_were_given() -> None:
    generator = three([])
    response = StreamResponse(generator, "text/csv", {"A": "b"})
    assert response.generator is generator
    assert (response.content_type, response.headers, response.status) == ("text/csv", {"A": "b"}, 200)


def test_first_chunk_is_sent_before_the_second_is_made() -> None:
    async def scenario() -> None:
        exchange = Exchange(StreamResponse(idle([]), "text/plain"), http_scope())
        running = asyncio.create_task(exchange.run())
        await until(lambda: exchange.answer.chunks == [b"first"])
        exchange.disconnect()
        await running

    asyncio.run(scenario())


def test_head_does_not_start_the_generator() -> None:
    log: list[str] = []
    generator = three(log)
    answer = request(StreamResponse(generator, "text/plain"), "HEAD")
    assert (answer.chunks, log) == ([b""], [])
    with pytest.raises(StopAsyncIteration):
        asyncio.run(first_of(generator))


@pytest.mark.parametrize("source", [idle, busy, stubborn])
@pytest.mark.parametrize("messages", [[], body_messages(b"unread", b"body", b"")])
def test_disconnect_closes_the_generator_and_ends_the_response_in_good_order(
    source: Source, messages: list[Message]
) -> None:
    log: list[str] = []

    async def scenario() -> Answer:
        exchange = Exchange(StreamResponse(source(log), "text/plain"), http_scope("POST"), messages)
        running = asyncio.create_task(exchange.run())
        await until(lambda: exchange.answer.chunks)
        exchange.disconnect()
        return await asyncio.wait_for(running, 10)

    answer = asyncio.run(scenario())
    assert log == ["closed"]
    assert answer.complete


def test_send_that_waits_for_the_client_is_given_up_on_disconnect() -> None:
    log: list[str] = []

    async def scenario() -> list[Message]:
        sent: list[Message] = []
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return DISCONNECT

        async def send(message: Message) -> None:
            sent.append(message)
            if message.get("body") == b"one ":
                gone.set()
                await asyncio.Event().wait()

        response = StreamResponse(three(log), "text/plain")
        await asyncio.wait_for(response(http_scope(), receive, send), 10)
        return sent

    sent = asyncio.run(scenario())
    assert [message.get("body") for message in sent] == [None, b"one ", b""]
    assert log == ["closed"]


def test_cancelling_the_request_closes_the_generator() -> None:
    log: list[str] = []

    async def scenario() -> None:
        exchange = Exchange(StreamResponse(idle(log), "text/plain"), http_scope())
        running = asyncio.create_task(exchange.run())
        await until(lambda: exchange.answer.chunks)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())
    assert log == ["closed"]


@pytest.mark.parametrize("source", [timing_out, lambda _log: aiter_of(b"first", KeyError("its own"))])
def test_exception_in_mid_stream_is_raised_and_the_response_left_incomplete(source: Source) -> None:
    async def scenario() -> Answer:
        router = Router()

        @router.get("/")
        async def stream(_request: Request) -> StreamResponse:
            return StreamResponse(source([]), "text/plain")

        exchange = Exchange(create_app(router), http_scope())
        with pytest.raises((TimeoutError, KeyError), match="its own"):
            await exchange.run()
        return exchange.answer

    answer = asyncio.run(scenario())
    assert (answer.status, answer.chunks, answer.complete) == (200, [b"first"], False)


async def aiter_of(*items: bytes | Exception) -> AsyncIterator[bytes | str]:
    for item in items:
        if isinstance(item, Exception):
            raise item
        yield item


def test_server_that_repeats_the_end_of_the_body_does_not_stop_the_stream() -> None:
    async def scenario() -> list[bytes]:
        sent: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message.get("body", b"start"))

        await asyncio.wait_for(StreamResponse(three([]), "text/plain")(http_scope(), receive, send), 10)
        return sent

    assert asyncio.run(scenario()) == [b"start", b"one ", "zwö ".encode(), b"three", b""]


def test_async_iterator_without_aclose_is_streamed() -> None:
    class Countdown:
        left = 2

        def __aiter__(self) -> "Countdown":
            return self

        async def __anext__(self) -> bytes:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return b"%d" % self.left

    assert request(StreamResponse(Countdown(), "text/plain")).body == b"10"


@pytest.mark.parametrize("wrong", [three, [b"a"], (chunk for chunk in [b"a"]), b"text", None])
def test_what_is_not_an_async_generator_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="async generator"):
        StreamResponse(wrong, "text/plain")


@pytest.mark.parametrize("status", [204, 304, 101])
def test_status_without_content_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="no content"):
        StreamResponse(three([]), "text/plain", status=status)


def test_failing_receive_is_raised() -> None:
    async def scenario(app: ASGIApp) -> None:
        async def receive() -> Message:
            raise ConnectionError("broken")

        async def send(_message: Message) -> None: ...

        await app(http_scope(), receive, send)

    with pytest.raises(ConnectionError, match="broken"):
        asyncio.run(scenario(StreamResponse(idle([]), "text/plain")))


def test_one_request_of_many_that_ends_leaves_the_others_streaming() -> None:
    async def scenario() -> None:
        exchanges = [Exchange(StreamResponse(idle([]), "text/plain"), http_scope()) for _ in range(3)]
        tasks = [asyncio.create_task(exchange.run()) for exchange in exchanges]
        await until(lambda: all(exchange.answer.chunks for exchange in exchanges))
        exchanges[1].disconnect()
        await tasks[1]
        assert not tasks[0].done()
        assert not tasks[2].done()
        for exchange in exchanges:
            exchange.disconnect()
        await asyncio.gather(*tasks)
        assert await fetch(StreamResponse(three([]), "text/plain"))

    asyncio.run(scenario())
