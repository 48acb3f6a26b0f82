"""Event streams and WebSockets that are open through a restart end in good order; the next ones meet the new code."""

import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.running import NAME, Start
from support.waiting import wait_for


def test_an_event_stream_ends_and_the_next_one_is_the_new_codes(start_app: Start) -> None:
    app = start_app()
    with app.begin_request("/stream") as stream:
        reader = stream.makefile("rb")
        wait_for(lambda: b"data: one" in reader.readline(), "an event")
        app.write("two")
        app.ctl("restart", NAME)
        assert reader.read().endswith(b"0\r\n\r\n"), "the last chunk of a response that is complete"
    with app.begin_request("/stream") as stream:
        reader = stream.makefile("rb")
        wait_for(lambda: b"data: two" in reader.readline(), "an event of the new code")
    app.settled()


EXPORT = """
@router.get("/export")
async def export(request):
    async def rows():
        yield "first\\n"
        Path("begun").touch()
        while not Path("go").exists():
            await asyncio.sleep(0.01)
        yield "last\\n"
    return wesktop.StreamResponse(rows(), "text/csv")

@router.get("/asks-first")
async def asks_first(request):
    Path("asking").touch()
    while not await request.is_disconnected():
        await asyncio.sleep(0.01)
    return await export(request)
"""


@pytest.mark.parametrize(("path", "begun"), [("/export", "begun"), ("/asks-first", "asking")])
def test_a_stream_that_has_an_end_comes_to_it(start_app: Start, home: Path, path: str, begun: str) -> None:
    app = start_app("--drain-timeout", "60", more=EXPORT)
    with app.begin_request(path) as stream, stream.makefile("rb") as reader:
        wait_for((home / begun).exists, "the first row")
        app.write("two", EXPORT)
        restarting = app.begin("ctl", "restart", NAME)
        wait_for(lambda: app.version() == "two" and (home / "begun").exists(), "the new code")
        (home / "go").touch()
        answer = reader.read()
    assert b"first\n" in answer
    assert b"last\n" in answer
    assert answer.endswith(b"0\r\n\r\n")
    assert restarting.wait(20) == 0


def test_one_that_does_not_come_to_its_end_in_time_is_broken_off_and_not_taken_for_whole(
    start_app: Start, home: Path
) -> None:
    app = start_app("--drain-timeout", "1", more=EXPORT)
    with app.begin_request("/export") as stream, stream.makefile("rb") as reader:
        wait_for((home / "begun").exists, "the first row")
        app.ctl("restart", NAME)
        answer = reader.read()
    assert b"first\n" in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_a_websocket_is_closed_as_going_away_and_the_next_one_is_the_new_codes(start_app: Start) -> None:
    app = start_app()
    address = f"ws://127.0.0.1:{app.port}/socket"

    async def scenario() -> int | None:
        async with connect(address, proxy=None) as socket:
            await socket.send("hello")
            assert await socket.recv() == "one hello"
            app.write("two")
            await asyncio.to_thread(app.ctl, "restart", NAME)
            try:
                await socket.recv()
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
        async with connect(address, proxy=None) as socket:
            await socket.send("hello")
            assert await socket.recv() == "two hello"
        return code

    assert asyncio.run(asyncio.wait_for(scenario(), 30)) in (1001, 1012)
