"""The server's side of the lifespan protocol, and what the log says of an app that does not keep to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from wesktopd.worker.drain import Message, Receive, Scope, Send
from wesktopd.worker.lifespan import Lifespan

App = Callable[[Scope, Receive, Send], Awaitable[None]]
WARNED = logging.WARNING

COMPLETE = {"type": "lifespan.startup.complete"}
DONE = {"type": "lifespan.shutdown.complete"}


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    assert await receive() == {"type": "lifespan.startup"}
    await send(COMPLETE)
    assert await receive() == {"type": "lifespan.shutdown"}
    await send(DONE)


async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def fails_without_a_word(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "lifespan.startup.failed"})


async def fails_and_raises(scope: Scope, receive: Receive, send: Send) -> None:
    """As Starlette does."""
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    raise OSError("no database")


async def refuses_the_scope(scope: Scope, receive: Receive, send: Send) -> None:
    raise TypeError("only http")


async def returns(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def raises_at_startup(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    raise OSError("no database")


async def raises_while_served(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)
    raise OSError("no database")


async def fails_at_shutdown(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "not flushed"})


async def raises_at_shutdown(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)
    await receive()
    raise OSError("not flushed")


async def answers_twice(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)
    await send(COMPLETE)


async def answers_something_else(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start"})


@pytest.mark.parametrize(
    ("app", "failure", "logged"),
    [
        (answers, None, []),
        (fails, "no database", []),
        (fails_without_a_word, "", []),
        (fails_and_raises, "no database", []),
        (refuses_the_scope, None, []),
        (returns, None, []),
        (raises_at_startup, None, ["raised at startup", "OSError: no database"]),
        (raises_while_served, None, ["raised while the app was served", "OSError: no database"]),
        (fails_at_shutdown, None, ["failed at shutdown: not flushed"]),
        (raises_at_shutdown, None, ["raised at shutdown", "OSError: not flushed"]),
        (answers_twice, None, ["raised while the app was served", "'lifespan.startup.complete'"]),
        (answers_something_else, None, ["raised at startup", "'http.response.start'"]),
    ],
)
def test_a_lifespan_is_run_to_its_end_and_what_goes_wrong_is_logged(
    app: App, failure: str | None, logged: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> str | None:
        lifespan = Lifespan(app)
        found = await lifespan.startup()
        if found is None:
            await lifespan.shutdown()
        return found

    assert asyncio.run(asyncio.wait_for(scenario(), 20)) == failure
    said = [record for record in caplog.records if record.levelno >= WARNED]
    assert bool(said) == bool(logged)
    for part in logged:
        assert part in caplog.text


def test_a_startup_that_goes_on_is_undone_when_it_is_cancelled() -> None:
    undone: list[bool] = []

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            undone.append(True)

    async def scenario() -> list[bool]:
        starting = asyncio.ensure_future(Lifespan(waits).startup())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        return [*undone]  # before the loop ends, which cancels all

    assert asyncio.run(asyncio.wait_for(scenario(), 20)) == [True]


def test_each_request_gets_a_copy_of_what_the_startup_has_put_into_the_state() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = 1
            await answers(scope, receive, send)
        else:
            scope["state"]["more"] = 2

    async def nothing(*_: Message) -> Message:
        return {}

    async def scenario() -> list[object]:
        lifespan = Lifespan(app)
        await lifespan.startup()
        scopes: list[Scope] = [{"type": "http"}, {"type": "http"}]
        for scope in scopes:
            await lifespan(scope, nothing, nothing)  # type: ignore[arg-type]
        await lifespan.shutdown()
        return [*[scope["state"] for scope in scopes], lifespan.state]

    assert asyncio.run(asyncio.wait_for(scenario(), 20)) == [
        {"pool": 1, "more": 2},
        {"pool": 1, "more": 2},
        {"pool": 1},
    ]
