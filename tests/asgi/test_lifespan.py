import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asgi.memory import request
from asgi.memory import run as run_app
from wesktop.asgi import Request, Router, create_app
from wesktop.asgi.types import ASGIApp, Message, Scope

LOG: list[Any] = []


@pytest.fixture
def log() -> list[Any]:
    LOG.clear()
    return LOG


@contextlib.asynccontextmanager
async def without_argument() -> AsyncIterator[dict[str, int]]:
    LOG.append("up")
    yield {"n": 1}
    LOG.append("down")


@contextlib.asynccontextmanager
async def with_app(app: ASGIApp) -> AsyncIterator[dict[str, int]]:
    LOG.append(app)
    yield {"n": 1}
    LOG.append("down")


async def bare_generator() -> AsyncIterator[dict[str, int]]:
    LOG.append("up")
    yield {"n": 1}
    LOG.append("down")


async def bare_generator_with_app(app: ASGIApp) -> AsyncIterator[dict[str, int]]:
    LOG.append(app)
    yield {"n": 1}
    LOG.append("down")


class Context:
    """A class whose instances are the context manager."""

    async def __aenter__(self) -> dict[str, int]:
        LOG.append("up")
        return {"n": 1}

    async def __aexit__(self, *_error: object) -> None:
        LOG.append("down")


class NeedsMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, *args: Any) -> None:
        await self.app(*args)


def run(app: ASGIApp, state: dict[str, Any] | None = None) -> list[Message]:
    """Start *app* up and shut it down; return what it sent."""
    waiting: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Message] = []

    async def receive() -> Message:
        LOG.append(waiting[0]["type"])
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "lifespan"} if state is None else {"type": "lifespan", "state": state}
    run_app(app(scope, receive, send))
    return sent


COMPLETE = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(
    ("lifespan", "takes_app"),
    [
        (without_argument, False),
        (with_app, True),
        (bare_generator, False),
        (bare_generator_with_app, True),
        (Context, False),
        (lambda: Context(), False),
        (lambda app=None: with_app(app), True),
        (lambda *args: with_app(*args), True),
    ],
)
@pytest.mark.parametrize("middleware", [None, [NeedsMiddleware]])
def test_context_is_entered_at_startup_and_left_at_shutdown(
    log: list[Any], lifespan: Any, takes_app: bool, middleware: list[type] | None
) -> None:
    state: dict[str, Any] = {"server": True}
    app = create_app(Router(), lifespan=lifespan, middleware=middleware)
    assert [message["type"] for message in run(app, state)] == COMPLETE
    assert log == ["lifespan.startup", app if takes_app else "up", "lifespan.shutdown", "down"]
    assert state == {"server": True, "n": 1}


def test_server_without_state_is_no_failure(log: list[Any]) -> None:
    assert [message["type"] for message in run(create_app(Router(), lifespan=bare_generator))] == COMPLETE
    assert "down" in log


@pytest.mark.parametrize("value", [None, 7, "state"])
def test_yielding_something_else_than_a_dict_leaves_the_state(value: Any) -> None:
    state: dict[str, Any] = {}

    async def lifespan() -> AsyncIterator[Any]:
        yield value

    assert [message["type"] for message in run(create_app(Router(), lifespan=lifespan), state)] == COMPLETE
    assert state == {}


def test_app_without_a_lifespan_starts_and_stops() -> None:
    assert [message["type"] for message in run(create_app(Router()))] == COMPLETE


def test_state_reaches_the_handler() -> None:
    router = Router()

    @router.get("/")
    async def handler(request: Request) -> dict[str, Any]:
        return request.state

    assert request(create_app(router), state={"n": 1}).json == {"n": 1}


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_failure_is_answered_with_its_text_and_logged(phase: str, caplog: pytest.LogCaptureFixture) -> None:
    async def lifespan() -> AsyncIterator[None]:
        if phase == "startup":
            raise ConnectionError("no database")
        yield
        raise ConnectionError("no database")

    sent = run(create_app(Router(), lifespan=lifespan, name="myapp"))
    assert sent[-1] == {"type": f"lifespan.{phase}.failed", "message": "ConnectionError: no database"}
    assert len(sent) == (1 if phase == "startup" else 2)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("myapp", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[0] is ConnectionError


def test_cancelling_the_server_still_leaves_the_context(log: list[Any]) -> None:
    async def scenario() -> None:
        started = asyncio.Event()
        waiting: list[Message] = [{"type": "lifespan.startup"}]

        async def receive() -> Message:
            return waiting.pop(0) if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

        async def send(_message: Message) -> None:
            started.set()

        running = asyncio.ensure_future(create_app(Router(), lifespan=Context)({"type": "lifespan"}, receive, send))
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())
    assert log == ["up", "down"]


async def coroutine_function() -> None: ...


@pytest.mark.parametrize(
    "wrong", [3, "lifespan", coroutine_function, without_argument(), lambda one, two: (one, two)]
)
def test_what_is_not_a_lifespan_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="lifespan"):
        create_app(Router(), lifespan=wrong)
