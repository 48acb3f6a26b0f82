"""In a terminal that nobody reads: a stopped emulator, a connection that is dead, Ctrl-S."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.load import request
from support.running import NAME, Running
from support.scripts import free_port
from support.terminal import Terminal
from support.waiting import wait_for

LINES = """
@router.get("/lines")
async def lines(request):
    print(*[f"{number:099}" for number in range(2000)], sep="\\n")
    return {}
"""
REQUESTS = 10  # print more than what terminal and supervisor hold together


@pytest.fixture
def app(home: Path) -> Iterator[Running]:
    running = Running(home, free_port())
    running.write("one", LINES)
    yield running
    running.nothing_left()


def flood(app: Running) -> None:
    """Have it print more than fits, which takes as long as ever."""
    wait_for(lambda: app.version() == "one", "an answer")
    for _ in range(REQUESTS):
        assert request(app.port, "/lines") == b"{}"


def by_request(app: Running, _: Terminal) -> None:
    app.ctl("stop", NAME)


def by_sigterm(_: Running, terminal: Terminal) -> None:
    terminal.terminate()


@pytest.mark.parametrize("stop", [by_request, by_sigterm])
def test_it_serves_is_controlled_and_stops(app: Running, stop: Callable[[Running, Terminal], None]) -> None:
    with app.unread_terminal("serve", "app:app", "--port", str(app.port)) as terminal:
        flood(app)
        assert app.status()["state"] == "ready"
        stop(app, terminal)
        assert terminal.wait() == 0


def test_what_it_has_missed_is_said_once_it_is_read(app: Running) -> None:
    with app.unread_terminal("serve", "app:app", "--port", str(app.port)) as terminal:
        flood(app)
        terminal.read()
        wait_for(lambda: b"lines were dropped here" in terminal.seen, "what was dropped")
        assert request(app.port, "/lines") == b"{}"
        wait_for(lambda: terminal.seen.rstrip().endswith(b"1999"), "what is printed afterwards")
        app.ctl("stop", NAME)
        assert terminal.wait() == 0
        wait_for(lambda: b"stopping" in terminal.seen, "the last line")
