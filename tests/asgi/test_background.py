"""Work after the response, and the threads of handlers."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from asgi.memory import Exchange, fetch, http_scope, request, until
from wesktop.asgi import Request, Router, create_app
from wesktop.asgi.types import ASGIApp

MULTIPART = [("content-type", "multipart/form-data; boundary=XX")]
FORM = b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--XX--\r\n'


def app_after(*calls: Callable[..., Any], **options: Any) -> ASGIApp:
    router = Router()

    @router.get("/")
    async def handler(request: Request) -> str:
        for call in calls:
            request.after(call, "given", key="word")
        return "answered"

    return create_app(router, **options)


def test_what_is_left_for_after_the_response_runs_after_it_and_in_order() -> None:
    done: list[Any] = []

    async def scenario() -> None:
        exchange = Exchange(app, http_scope())

        async def first(given: str, *, key: str) -> None:
            done.append((given, key, exchange.answer.complete, threading.current_thread() is threading.main_thread()))

        def second(_given: str, *, key: str) -> None:
            done.append((key, threading.current_thread() is threading.main_thread()))

        calls[:] = [first, second]
        await exchange.run()

    calls: list[Callable[..., Any]] = []
    router = Router()

    @router.get("/")
    async def handler(request: Request) -> None:
        for call in calls:
            request.after(call, "given", key="word")

    app = create_app(router)
    asyncio.run(scenario())
    assert done == [("given", "word", True, True), ("word", False)]


def test_work_that_fails_is_logged_and_the_next_is_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    async def failing(*_: Any, **__: Any) -> None:
        raise KeyError("mail")

    app = app_after(failing, lambda given, **_: done.append(given), name="myapp")
    assert request(app).body == b"answered"
    assert done == ["given"]
    [record] = caplog.records
    assert (record.name, "/" in record.getMessage(), "KeyError" in str(record.exc_text)) == ("myapp", True, True)


def test_work_goes_on_although_its_request_is_cancelled() -> None:
    done: list[str] = []

    async def scenario() -> None:
        began, release, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work(*_: Any, **__: Any) -> None:
            began.set()
            await release.wait()
            done.append(asyncio.current_task().get_name())  # type: ignore[union-attr]
            ended.set()

        running = asyncio.ensure_future(fetch(app_after(work)))
        await began.wait()
        running.cancel()
        await asyncio.wait((running,))
        release.set()
        await ended.wait()

    asyncio.run(scenario())
    [name] = done
    assert "work" in name
    assert "/" in name


def test_only_a_function_can_be_left_for_after_the_response() -> None:
    with pytest.raises(TypeError, match="cannot be called"):
        Request({}).after("mail")  # type: ignore[arg-type]


def blocking_app(**options: Any) -> tuple[ASGIApp, threading.Event, list[str]]:
    """An app with handlers that wait at /slow until the event is set."""
    release, begun = threading.Event(), list[str]()
    router = Router()

    @router.get("/slow")
    def slow(_request: Request) -> str:
        begun.append(threading.current_thread().name)
        release.wait(60)
        return "slow"

    @router.post("/form")
    async def form(request: Request) -> str | None:
        with await request.form() as fields:
            return fields.get("a")

    return create_app(router, **options), release, begun


def test_handlers_that_block_keep_no_upload_waiting() -> None:
    async def scenario() -> None:
        app, release, begun = blocking_app()
        waiting = [asyncio.ensure_future(fetch(app, "GET", "/slow")) for _ in range(30)]
        try:
            await until(lambda: len(begun) == len(waiting))
            length = ("content-length", str(len(FORM)))
            messages = [{"type": "http.request", "body": FORM, "more_body": False}]
            answer = await asyncio.wait_for(fetch(app, "POST", "/form", [*MULTIPART, length], messages=messages), 60)
            assert answer.text == "b"
            assert await asyncio.wait_for(asyncio.to_thread(lambda: "asyncio's own"), 60)
        finally:
            release.set()
        assert [answer.text for answer in await asyncio.gather(*waiting)] == ["slow"] * len(waiting)

    asyncio.run(scenario())


def test_no_more_handlers_than_threads_run_at_a_time() -> None:
    async def scenario() -> None:
        app, release, begun = blocking_app(threads=2)
        waiting = [asyncio.ensure_future(fetch(app, "GET", "/slow")) for _ in range(3)]
        await until(lambda: len(begun) == 2)
        release.set()
        await asyncio.gather(*waiting)
        assert len(begun) == 3
        assert len(set(begun)) <= 2

    asyncio.run(scenario())


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (None, TypeError), ("4", TypeError), (1.5, TypeError)])
def test_a_number_of_threads_that_is_none_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=rf"threads must be .*not {value!r}"):
        create_app(Router(), threads=value)
