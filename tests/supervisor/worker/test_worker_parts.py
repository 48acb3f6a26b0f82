"""What the worker puts round the app, and granian's seam."""

import asyncio
import contextlib
import importlib.metadata
import resource
import socket
import subprocess
import sys

import pytest

from support.scripts import get
from wesktopd.limits import DESCRIPTORS
from wesktopd.worker.__main__ import cut_off
from wesktopd.worker.drain import Drain, Message, Receive, Scope, Send
from wesktopd.worker.granian_server import allow_late_end, embedded_server
from wesktopd.worker.supervisor_link import ORPHANED

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


async def nothing(message: Message) -> None:
    """A send() that nobody listens to."""


def receive_of(*messages: Message) -> Receive:
    """A receive() that gives these messages, and then waits for ever."""
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


async def drained(kind: str, *messages: Message, reads: int) -> list[Message]:
    """What an app receives that reads so often, the drain beginning once it waits for its last message."""
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([await receive() for _ in range(reads)])

    drain = Drain(app)
    running = asyncio.ensure_future(drain({"type": kind}, receive_of(*messages), nothing))
    await asyncio.sleep(0)
    drain.begin()
    await asyncio.wait_for(running, 20)
    return received


BODY = {"type": "http.request", "body": b"a", "more_body": True}
LAST = {"type": "http.request", "body": b"b", "more_body": False}


def test_a_body_is_read_to_its_end_during_a_drain_and_then_the_client_is_gone() -> None:
    received = asyncio.run(drained("http", BODY, LAST, reads=3))
    assert received == [BODY, LAST, {"type": "http.disconnect", "wesktop.draining": True}]


def test_a_websocket_hears_that_the_server_goes_away() -> None:
    connect = {"type": "websocket.connect"}
    received = asyncio.run(drained("websocket", connect, reads=2))
    assert received[0] == connect
    assert (received[1]["type"], received[1]["code"]) == ("websocket.disconnect", 1001)


def test_without_a_drain_messages_come_as_they_are() -> None:
    async def scenario() -> list[Message]:
        received = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.extend([await receive(), await receive()])

        await Drain(app)({"type": "http"}, receive_of(LAST, {"type": "http.disconnect"}), nothing)
        return received

    assert asyncio.run(scenario()) == [LAST, {"type": "http.disconnect"}]


@pytest.mark.parametrize(
    ("kind", "last"),
    [("http", {"type": "http.disconnect"}), ("websocket", {"type": "websocket.disconnect", "code": 1005})],
)
def test_no_message_is_lost_by_those_who_give_up_waiting_for_it(kind: str, last: Message) -> None:
    """As `asyncio.timeout` round `receive()` does, and Starlette's `is_disconnected`."""
    first = {"type": "websocket.connect"} if kind == "websocket" else LAST
    sent = [first, *({"type": "websocket.receive", "text": str(number)} for number in range(200)), last]
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.append(await receive())
        for attempt in range(10 * len(sent)):
            waiting = asyncio.ensure_future(receive())
            for _ in range(attempt % 5):  # until its message is on the way, has come, or has been handed on
                await asyncio.sleep(0)
            if not waiting.done():
                waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                received.append(await waiting)
            if received[-1] == last:
                break

    asyncio.run(asyncio.wait_for(Drain(app)({"type": kind}, receive_of(*sent), nothing), 20))
    assert received == sent


def test_nothing_is_left_of_a_request_that_waited_for_its_client() -> None:
    async def scenario() -> set[asyncio.Task[None]]:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(receive(), 0.001)

        await Drain(app)({"type": "http"}, receive_of(LAST), nothing)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(scenario()) == set()


def test_a_request_is_raised_once_that_the_server_ends_and_then_hears_its_client_alone() -> None:
    gone = {"type": "http.disconnect", "by": "the client"}

    async def scenario() -> list[Message]:
        received: list[Message] = []
        client: asyncio.Queue[Message] = asyncio.Queue()
        client.put_nowait(LAST)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.extend([await receive(), await receive()])
            asyncio.get_running_loop().call_later(0.05, client.put_nowait, gone)
            received.append(await receive())

        drain = Drain(app)
        running = asyncio.ensure_future(drain({"type": "http"}, client.get, nothing))
        await asyncio.sleep(0)
        drain.begin()
        await asyncio.wait_for(running, 20)
        return received

    assert asyncio.run(scenario()) == [LAST, {"type": "http.disconnect", "wesktop.draining": True}, gone]


def test_a_websocket_is_closed_once_however_often_it_is_asked() -> None:
    async def scenario() -> tuple[list[Message], list[Message]]:
        received: list[Message] = []
        sent: list[Message] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.extend([await receive() for _ in range(3)])

        async def send(message: Message) -> None:
            sent.append(message)

        drain = Drain(app)
        running = asyncio.ensure_future(drain({"type": "websocket"}, receive_of({"type": "connect"}), send))
        await asyncio.sleep(0)
        drain.begin()
        await asyncio.wait_for(running, 20)
        return received, sent

    received, sent = asyncio.run(scenario())
    assert [message["type"] for message in received[1:]] == ["websocket.disconnect"] * 2
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_request_that_comes_during_a_drain_is_raised_too_and_ends_its_connection() -> None:
    async def scenario() -> list[Message]:
        sent: list[Message] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while (await receive())["type"] != "http.disconnect":
                pass

        async def send(message: Message) -> None:
            sent.append(message)

        drain = Drain(app)
        drain.begin()
        await asyncio.wait_for(drain({"type": "http"}, receive_of(LAST), send), 20)
        return sent

    assert asyncio.run(scenario())[0]["headers"] == [(b"connection", b"close")]


def test_what_is_still_open_can_be_cancelled() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        drain = Drain(app)
        running = asyncio.ensure_future(drain({"type": "http"}, receive_of(), nothing))
        await asyncio.sleep(0)
        assert drain.cancel() == 1
        await running  # no error of the app's
        assert (drain.requests, drain.cancel()) == (0, 0)

    asyncio.run(scenario())


def test_a_request_that_others_cancel_is_no_matter_of_the_drain_s() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        running = asyncio.ensure_future(Drain(app)({"type": "http"}, receive_of(), nothing))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 request was cut off, still open 4 seconds after the stop began (drain_timeout 5)"),
        (3, "3 requests were cut off, still open 4 seconds after the stop began (drain_timeout 5)"),
        (0, "answers that clients had not read were cut off, 4 seconds after the stop began (drain_timeout 5)"),
    ],
)
def test_a_cut_is_raised_in_a_line(count: int, said: str) -> None:
    assert cut_off(count, 4.0, 5.0) == said


def test_granian_is_of_the_version_whose_seam_is_known() -> None:
    major, minor, patch = (int(part) for part in importlib.metadata.version("granian").split(".")[:3])
    assert (2, 8, 7) <= (major, minor, patch) < (2, 9)


def test_granian_still_calls_the_method_that_is_overridden() -> None:
    from granian.server.common import AbstractServer
    from granian.server.embed import Server

    assert Server._init_shared_socket is AbstractServer._init_shared_socket


def test_granian_serves_on_a_socket_that_was_bound_before() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"here"})

    async def scenario() -> bytes:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = embedded_server(app, listener, access_log=False)
        serving = asyncio.ensure_future(server.serve())
        try:
            return await asyncio.to_thread(get, url)
        finally:
            server.stop()
            await asyncio.wait_for(serving, 10)
            listener.detach()  # granian has closed it

    assert asyncio.run(scenario()) == b"here"


@pytest.mark.parametrize(
    ("soft", "hard", "granted"),
    [(256, 512, 512), (256, HARD, min(DESCRIPTORS, HARD)), (HARD, HARD, HARD)],
)
def test_a_worker_takes_the_descriptors_that_it_may_need_and_no_more(soft: int, hard: int, granted: int) -> None:
    script = (
        "import resource; from wesktopd.system import raise_descriptor_limit; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); raise_descriptor_limit({DESCRIPTORS}); "
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [int(part) for part in done.stdout.split()] == [granted, hard]


ALONE = """
import socket, time
from wesktopd.worker.supervisor_link import SupervisorLink

def fails(ending):
    raise MemoryError

supervisor, channel = socket.socketpair()
link = SupervisorLink(channel, socket.create_server(("127.0.0.1", 0)))
link.on_stop = fails
supervisor.close()
time.sleep(600)
"""


def test_a_worker_ends_with_its_supervisor_whatever_goes_wrong_in_that() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ORPHANED
    assert "MemoryError" in done.stderr


def test_while_granian_may_end_late_all_other_exceptions_are_told() -> None:
    told: list[str] = []

    async def end() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(repr(context.get("exception"))))
        allow_late_end(loop)
        done = loop.create_future()
        done.set_result(None)
        loop.call_soon(done.set_result, None)
        loop.call_exception_handler({"message": "no exception at all"})
        await asyncio.sleep(0)

    asyncio.run(end())
    assert told == ["None", "InvalidStateError('invalid state')"]
