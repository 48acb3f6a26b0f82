"""The one task that receives: nothing that has come is lost, and whoever waits hears of the end."""

import asyncio
import gc
import logging
import weakref
from collections.abc import Iterator

import pytest

from asgi.memory import until
from wesktop.asgi.receiving.receiver import Receiver
from wesktop.asgi.types import Message

GONE: Message = {"type": "websocket.disconnect", "code": 1001}
CLOSED: Message = {"type": "websocket.disconnect", "code": 1000}


def said(number: int) -> Message:
    return {"type": "websocket.receive", "text": str(number)}


class Server:
    """Says what it is given, which may be an exception; called: how often `receive` has begun."""

    def __init__(self, *messages: Message | BaseException) -> None:
        self.messages = asyncio.Queue[Message | BaseException]()
        self.called = 0
        for message in messages:
            self.say(message)

    def say(self, message: Message | BaseException) -> None:
        self.messages.put_nowait(message)

    async def receive(self) -> Message:
        self.called += 1
        message = await self.messages.get()
        if isinstance(message, BaseException):
            raise message
        return message


@pytest.fixture(autouse=True)
def no_exception_is_left_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No "Task exception was never retrieved"."""
    yield
    gc.collect()
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "asyncio"] == []


@pytest.mark.parametrize("turns", range(8))
def test_a_message_that_comes_as_its_wait_is_given_up_is_the_next_one(turns: int) -> None:
    async def scenario() -> list[str]:
        server, seen = Server(), []
        receiver = Receiver(server.receive)
        for number in range(20):
            waiting = asyncio.ensure_future(receiver.next())
            await asyncio.sleep(0)
            server.say(said(number))
            for _ in range(turns):
                await asyncio.sleep(0)
            waiting.cancel()
            (result,) = await asyncio.gather(waiting, return_exceptions=True)
            seen.append(result if isinstance(result, dict) else await receiver.next())
        receiver.close(CLOSED)
        return [message["text"] for message in seen]

    assert asyncio.run(scenario()) == [str(number) for number in range(20)]


def test_messages_come_in_order_and_then_the_end_again_and_again() -> None:
    async def scenario() -> list[Message]:
        receiver = Receiver(Server(said(1), said(2), GONE).receive, ahead=10)
        first = await receiver.next()
        await until(lambda: receiver.end)
        return [first, *[await receiver.next() for _ in range(3)]]

    assert asyncio.run(scenario()) == [said(1), said(2), GONE, GONE]


@pytest.mark.parametrize("end", ["disconnect", "close", "close before the task's first turn"])
def test_the_end_is_raised_to_all_who_wait(end: str) -> None:
    async def scenario() -> list[Message]:
        server = Server()
        receiver = Receiver(server.receive)
        waiting = [asyncio.ensure_future(receiver.next()) for _ in range(3)]
        await asyncio.sleep(0)
        if end in ("disconnect", "close"):
            await until(lambda: server.called)
        if end == "disconnect":
            server.say(GONE)
        else:
            receiver.close(CLOSED)
        return await asyncio.wait_for(asyncio.gather(*waiting), 10)

    assert asyncio.run(scenario()) == [GONE if end == "disconnect" else CLOSED] * 3


@pytest.mark.parametrize("error", [OSError("broken"), asyncio.CancelledError()], ids=["raises", "is cancelled"])
def test_what_receive_raises_is_raised_to_all_who_wait_and_ask_later(error: BaseException) -> None:
    async def scenario() -> list[Message | BaseException]:
        server = Server()
        receiver = Receiver(server.receive)
        waiting = [asyncio.ensure_future(receiver.next()) for _ in range(2)]
        await until(lambda: server.called)
        server.say(error)
        raised = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
        raised += await asyncio.gather(receiver.next(), return_exceptions=True)
        receiver.close(CLOSED)
        return raised

    raised = asyncio.run(scenario())
    assert [type(one) for one in raised] == [type(error) if error.args else ConnectionAbortedError] * 3


def test_what_came_before_an_error_is_received_first() -> None:
    async def scenario() -> Message:
        receiver = Receiver(Server(said(1), OSError("broken")).receive, ahead=10)
        receiver.listen()
        await asyncio.sleep(0.01)
        message = await receiver.next()
        with pytest.raises(OSError, match="broken"):
            await receiver.next()
        return message

    assert asyncio.run(scenario()) == said(1)


@pytest.mark.parametrize("asks", [True, False])
def test_an_error_that_nobody_was_told_is_logged(asks: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        receiver = Receiver(Server(OSError("broken")).receive)
        await asyncio.wait([receiver.listen()])  # type: ignore[type-var]
        if asks:
            with pytest.raises(OSError, match="broken"):
                receiver.check()
        for _ in range(2):
            receiver.close(CLOSED)

    asyncio.run(scenario())
    logged = [(record.name, record.levelno) for record in caplog.records]
    assert logged == ([] if asks else [("wesktop", logging.ERROR)])
    assert asks or "OSError: broken" in caplog.text


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_is_received_than_may_wait(ahead: int) -> None:
    async def scenario() -> list[int]:
        server, called = Server(*map(said, range(9))), []
        receiver = Receiver(server.receive, ahead)
        receiver.listen()
        for _ in range(2):
            for _ in range(20):  # turns of the loop, in which it could receive all
                await asyncio.sleep(0)
            called.append(server.called)
            await receiver.next()
        receiver.close(CLOSED)
        return called

    assert asyncio.run(scenario()) == [ahead, ahead + 1]


def test_with_none_ahead_a_message_is_received_when_it_is_asked_for() -> None:
    async def scenario() -> list[int]:
        server, called = Server(*map(said, range(9))), []
        receiver = Receiver(server.receive)
        for _ in range(3):
            await receiver.next()
            for _ in range(20):  # turns of the loop, in which it could receive more
                await asyncio.sleep(0)
            called.append(server.called)
        receiver.listen()
        await until(lambda: server.called == 4)
        receiver.close(CLOSED)
        return called

    assert asyncio.run(scenario()) == [1, 2, 3]


@pytest.mark.parametrize("first", [True, False])
def test_a_close_keeps_the_end_that_came_before_and_what_waits(first: bool) -> None:
    async def scenario() -> list[Message]:
        receiver = Receiver(Server(said(1), *[GONE] * first).receive, ahead=10)
        receiver.listen()
        await until(lambda: receiver.waiting and (receiver.end or not first))
        receiver.close(CLOSED)
        return [await receiver.next(), await receiver.next()]

    assert asyncio.run(scenario()) == [said(1), GONE if first else CLOSED]


def test_after_a_close_nothing_is_received() -> None:
    async def scenario() -> tuple[Message, int]:
        server = Server(said(1))
        receiver = Receiver(server.receive)
        receiver.close(CLOSED)
        return await receiver.next(), server.called

    assert asyncio.run(scenario()) == (CLOSED, 0)


def test_what_is_closed_refers_to_the_server_no_longer_than_others_do() -> None:
    """granian keeps a connection open for as long as its `receive` is referred to."""

    async def scenario() -> bool:
        server = Server()
        receiver = Receiver(server.receive)
        receiver.listen()
        await asyncio.sleep(0)
        assert server.called
        gone = weakref.ref(server)
        receiver.close(CLOSED)
        del receiver, server
        for _ in range(3):  # turns of the loop, in which the task ends
            await asyncio.sleep(0)
        return gone() is None

    gc.disable()
    try:
        assert asyncio.run(scenario())
    finally:
        gc.enable()
