"""The app's function for requests: what it may return, and how many calls may go on."""

import asyncio
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.waiting import wait_for
from wesktopd.wire.worker_messages import GoTo, StartRequest, decode
from wesktopd.worker.second_launch import MAX_CALLS, StartRequests

REQUEST = StartRequest(["file"], "/")


@contextmanager
def hearing(function: Callable[[list[str], str], Any]) -> Iterator[tuple[StartRequests, socket.socket]]:
    """A worker's side, whose loop runs, and the supervisor's end of its channel."""
    ours, theirs = socket.socketpair()
    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()
    with ours, theirs:
        requests = StartRequests(theirs)
        requests.loop, requests.function = loop, function
        ours.settimeout(20)
        try:
            yield requests, ours
        finally:
            loop.call_soon_threadsafe(loop.stop)
            running.join()
            loop.close()


class Later:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[Any, Any, str]:
        yield from asyncio.sleep(0).__await__()
        return "/later"


async def coroutine() -> str:
    return "/later"


@pytest.mark.parametrize("returned", [lambda: "/later", coroutine, Later])
def test_the_path_that_is_returned_at_once_or_later_is_gone_to(returned: Callable[[], Any]) -> None:
    with hearing(lambda *_: returned()) as (requests, supervisor):
        requests.received(REQUEST)
        assert decode(supervisor.recv(4096), GoTo) == GoTo("/later")


def exits() -> None:
    raise SystemExit(2)


async def exits_later() -> None:
    raise SystemExit(2)


@pytest.mark.parametrize(
    ("returned", "said"),
    [(lambda: 7, "it returned 7"), (exits, "SystemExit: 2"), (exits_later, "it called sys.exit(2)")],
)
def test_what_goes_wrong_in_it_is_logged_and_the_next_launch_is_heard(
    returned: Callable[[], Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    functions: Iterator[Callable[[], Any]] = iter([returned, lambda: "/next"])
    with hearing(lambda *_: next(functions)()) as (requests, supervisor):
        requests.received(REQUEST)
        wait_for(lambda: said in caplog.text, "the log")
        requests.received(REQUEST)
        assert decode(supervisor.recv(4096), GoTo) == GoTo("/next")


def test_a_function_that_does_not_return_is_called_no_more_than_so_often(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    called = []

    def blocks(arguments: list[str], directory: str) -> None:
        called.append(directory)
        done.wait(20)

    with hearing(blocks) as (requests, _):
        for _ in range(MAX_CALLS + 1):
            requests.received(REQUEST)
        assert "a launch is dropped" in caplog.text
        done.set()
        wait_for(lambda: len(called) == MAX_CALLS, "the calls")
        wait_for(lambda: not launch_threads(), "their end")
        requests.received(REQUEST)
        wait_for(lambda: len(called) == MAX_CALLS + 1, "the next call")


def launch_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "launch"]
