"""Event streams and WebSockets that are open through a restart end in good order; the next ones meet the new code."""

import asyncio

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
