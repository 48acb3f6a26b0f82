"""The buses, each with what carries it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from buses.servers import Redis, Supervisor
from support.waiting import wait_for
from wesktop.sse import Broadcaster
from wesktopd.context import BUS_VARIABLE

Make = Callable[..., Broadcaster]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.answers()
    yield server
    server.kill()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    bus = Supervisor(tmp_path / "app.bus")
    yield bus
    bus.stop()


@pytest.fixture(params=["memory", "supervisor", "redis"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make a broadcaster; each that is made stands for another process, but for the bus of one process alone."""
    made: list[Broadcaster] = []
    bus: str | None = None
    if request.param == "memory":
        bus = "memory"
    elif request.param == "redis":
        bus = request.getfixturevalue("redis").url
    else:
        monkeypatch.setenv(BUS_VARIABLE, str(request.getfixturevalue("supervisor").path))

    def make_one(**options: Any) -> Broadcaster:
        if request.param == "memory" and made:
            return made[0]
        made.append(Broadcaster(strict=False, name="news", bus=bus, **options))
        wait_for(lambda: made[-1]._bus.ready, "the bus")
        return made[-1]

    yield make_one
    for broadcaster in made:
        broadcaster._bus.close()
