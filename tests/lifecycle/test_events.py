"""Server-sent events through restarts, crashes and several workers: nothing is lost, nothing comes twice."""

import asyncio
import json
import os
import random
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from support.running import NAME, Running, Start
from support.waiting import until, wait_for
from wesktop.testing.events import Event, EventParser

APP = """
events = wesktop.Broadcaster(buffer_size=5000, history=5000)
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))

@router.post("/tick")
async def tick(request):
    for number in request.json:
        events.broadcast("tick", number)

@router.get("/clients")
async def clients(request):
    return {"clients": events.client_count}
"""


class Page:
    """A page that follows the events as EventSource does: cut off, it comes back and tells where it was."""

    def __init__(self, app: Running) -> None:
        self.events: list[Event] = []
        self.connects = 0
        self.last_id = ""
        self._url = f"{app.url}/events"
        self._task = asyncio.ensure_future(self._run())

    @property
    def numbers(self) -> list[int]:
        return [event.json for event in self.events if event.event == "tick"]

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            while True:
                try:
                    await self._follow(client)
                except httpx.HTTPError:
                    await asyncio.sleep(0.01)

    async def _follow(self, client: httpx.AsyncClient) -> None:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        parser = EventParser()
        async with client.stream("GET", self._url, headers=headers) as answer:
            self.connects += 1
            async for chunk in answer.aiter_bytes():
                self.events += parser.feed(chunk)
                self.last_id = parser.last_id or self.last_id

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def post(app: Running, numbers: list[int]) -> None:
    """Have the app send ticks; asked again where a worker dies in the middle, so that each is sent at least once."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        answer = await client.post(f"{app.url}/tick", json=numbers)
        assert answer.status_code == 204


async def connected(pages: list[Page], times: int = 1) -> None:
    await until(lambda: all(page.last_id and page.connects >= times for page in pages), "the pages to be connected")


@pytest.mark.parametrize("workers", ["1", "3"])
@pytest.mark.long
def test_every_page_of_every_worker_gets_all_in_one_order_through_a_restart(start_app: Start, workers: str) -> None:
    app = start_app("--workers", workers, more=APP)

    async def scenario() -> None:
        pages = [Page(app) for _ in range(8)]
        await connected(pages)
        await post(app, [*range(100)])
        restart = await asyncio.to_thread(app.begin, "ctl", "restart", NAME)
        for number in range(100, 300):
            await post(app, [number])
        assert await asyncio.to_thread(restart.wait, 30) == 0
        await post(app, [*range(300, 400)])
        await until(lambda: all(len(page.numbers) >= 400 for page in pages), "all the ticks")
        (order,) = {tuple(page.numbers) for page in pages}
        assert sorted(order) == [*range(400)]
        # Of what several workers send, theirs is the order; of what one sends, it is its own.
        for sent in (range(100), range(300, 400)):
            assert [number for number in order if number in sent] == [*sent]
        assert "reset" not in [event.event for page in pages for event in page.events]
        await until(lambda: all(page.connects >= 2 for page in pages), "the pages to have come back")
        for page in pages:
            await page.close()

    asyncio.run(scenario())


def test_a_page_that_comes_back_after_a_crash_or_an_upgrade_goes_on_from_where_it_was(start_app: Start) -> None:
    app = start_app(more=APP)

    async def scenario() -> None:
        page = Page(app)
        await connected([page])
        await post(app, [1, 2])
        await until(lambda: page.numbers == [1, 2], "two ticks")
        os.kill((await asyncio.to_thread(app.get))["pid"], signal.SIGKILL)
        await connected([page], 2)
        await post(app, [3])
        await until(lambda: page.numbers == [1, 2, 3], "the third")
        await asyncio.to_thread(app.ctl, "upgrade", NAME)
        await post(app, [4])
        await until(lambda: page.numbers == [1, 2, 3, 4], "the fourth")
        await asyncio.to_thread(app.ctl, "restart", NAME)
        await post(app, [5])
        await until(lambda: page.numbers == [1, 2, 3, 4, 5], "the fifth")
        await page.close()

    asyncio.run(scenario())


def test_an_event_comes_from_the_command_line_too(start_app: Start) -> None:
    app = start_app("--workers", "2", more=APP)

    async def scenario() -> None:
        pages = [Page(app) for _ in range(4)]
        await connected(pages)
        assert await asyncio.to_thread(app.ctl, "emit", NAME, "tick", "7") == f"{NAME}: tick is sent\n"
        await asyncio.to_thread(app.ctl, "emit", "note", '"two words"')
        await until(lambda: all(len(page.events) == 2 for page in pages), "both events")
        for page in pages:
            assert [(event.event, event.data) for event in page.events] == [("tick", "7"), ("note", "two words")]
            await page.close()

    asyncio.run(scenario())
    for arguments, sentence in (
        (("tick",), "[NAME] EVENT JSON, not 'tick'"),
        (("tick", "{"), "must be JSON, not '{'"),
        (("tick", "hello"), """Quote a text: '"text"'"""),
        (("a", "b", "1", "2"), "[NAME] EVENT JSON, not 'a b 1 2'"),
        (("a\nb", "1"), r"event 'a\nb' must be one line"),
    ):
        done = app.command("ctl", "emit", *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert sentence in done.stderr


def test_a_page_that_was_away_for_too_long_is_raised(start_app: Start) -> None:
    app = start_app(more=APP)

    async def scenario() -> None:
        page = Page(app)
        page.last_id = "another-life-7"
        await until(lambda: page.events, "an event")
        assert [event.event for event in page.events] == ["reset"]
        await post(app, [1])
        await until(lambda: page.numbers == [1], "the tick")
        await page.close()

    asyncio.run(scenario())


def test_a_stop_takes_no_longer_for_open_pages(start_app: Start) -> None:
    app = start_app(more=APP)

    async def scenario() -> None:
        pages = [Page(app) for _ in range(20)]
        await connected(pages)
        worker = (await asyncio.to_thread(app.get))["pid"]
        await asyncio.to_thread(app.ctl, "stop", NAME)
        assert "did not end in time" not in app.command("ctl", "logs", NAME).stdout, worker
        for page in pages:
            await page.close()

    asyncio.run(scenario())
    app.nothing_left()


@pytest.mark.long
def test_chaos_loses_nothing_and_repeats_nothing(start_app: Start) -> None:
    app = start_app("--workers", "2", more=APP)
    chance = random.Random(20261125)

    async def disturb(done: asyncio.Event) -> None:
        while not done.is_set():
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            if chance.random() < 0.5:
                workers = await asyncio.to_thread(app.workers, "ready")
                if workers:
                    os.kill(chance.choice(workers)["pid"], signal.SIGKILL)
            else:
                await asyncio.to_thread(app.command, "ctl", "restart", NAME)

    async def scenario() -> None:
        pages = [Page(app) for _ in range(20)]
        await connected(pages)
        done = asyncio.Event()
        disturbing = asyncio.ensure_future(disturb(done))
        sent = 0
        while sent < 700 or sum(page.connects for page in pages) < 3 * len(pages):  # until they were cut off, too
            await asyncio.to_thread(_emit, app, sent)
            sent += 1
        done.set()
        await disturbing
        await until(lambda: all(len(page.numbers) >= sent for page in pages), "all the events", 60)
        for page in pages:
            assert page.numbers == [*range(sent)]
            assert "reset" not in [event.event for event in page.events]
        for page in pages:
            await page.close()

    asyncio.run(scenario())
    wait_for(lambda: len(app.workers("ready")) == 2, "both workers")


def _emit(app: Running, number: int) -> None:
    with app.control_connection() as connection:
        connection.sendall(b'{"type":"emit","event":"tick","data":"%d"}\n' % number)
        assert b'"done"' in connection.recv(4096)


def test_without_a_bus_each_worker_is_for_itself(start_app: Start, home: Path) -> None:
    (home / "run" / "wesktop" / f"{NAME}.bus" / "taken").mkdir(parents=True)
    app = start_app(more=APP)

    async def scenario() -> None:
        page = Page(app)
        await connected([page])
        await post(app, [1, 2])
        await until(lambda: page.numbers == [1, 2], "both ticks")
        await page.close()

    asyncio.run(scenario())
    assert "no event bus" in app.logs()


def test_npms_eventsource_follows_through_a_restart(start_app: Start) -> None:
    app = start_app(more=APP)
    script = Path(__file__).parents[1] / "support" / "node" / "follow.js"
    command = ["node", str(script), f"{app.url}/events"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        heard = (json.loads(line) for line in node.stdout)
        try:
            assert next(heard) == {"type": "open"}
            texts = ["", "a\nb", "a\r\nb\rc", " x ", ": no comment", "\u00fc\u2028\0"]
            for text in texts:
                app.ctl("emit", "tick", json.dumps(text))
                assert next(heard)["data"] == text.replace("\r\n", "\n").replace("\r", "\n")
            app.ctl("restart", NAME)
            app.ctl("emit", "tick", "7")
            after = [next(heard), next(heard)]
            assert {line["type"] for line in after} == {"open", "tick"}
            assert [line["data"] for line in after if line["type"] == "tick"] == ["7"]
        finally:
            node.kill()


def test_a_stream_ends_in_good_order_when_the_server_does(start_app: Start) -> None:
    app = start_app(more=APP)
    with app.begin_request("/events") as connection:
        begun = b""
        while b": connected" not in begun:
            begun += (more := connection.recv(65536))
            assert more, begun
        app.ctl("stop", NAME)
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b": going away\nretry: 50\n\n" in rest
    assert rest.endswith(b"0\r\n\r\n"), "the last chunk: the answer is complete"
