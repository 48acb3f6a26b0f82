"""Launches for a worker that does not hear at once: none is lost, and nothing else is."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from support.leases import ask
from support.running import NAME, Running
from support.scripts import Script, free_port
from support.waiting import wait_for
from wesktopd.guard.tokens import origin_of
from wesktopd.workers.process import MAX_UNSENT

LAUNCHED = """
def launched(arguments, directory):
    Path("heard", directory.strip("/")).write_text(str(len(arguments[0])))
"""
PROGRAM = """
from wesktop.target import app_spec
from wesktopd.daemonize import start_detached
from wesktopd.guard.tokens import origin_of

start_detached(app_spec("app:app", name="app", port={port}, second_launch="app:launched", session=True))
"""
SIZE = 60_000  # bytes of a launch, nearly as many as are allowed
SEVERAL = 8  # launches, of which a part fits the channel (Linux: 208 KiB, socket(7))


class Launched(Running):
    """An app that is told of launches."""

    @property
    def worker(self) -> int:
        """The PID of its worker."""
        pid: int = self.settled()["workers"][0]["pid"]
        return pid

    def launch(self, number: int) -> dict[str, object]:
        """Start it again; the answer."""
        return ask(self, type="launch", arguments=["x" * SIZE], directory=f"/{number}")

    def heard(self) -> dict[str, str]:
        """The launches that its function has been called for."""
        return {path.name: path.read_text() for path in (self.home / "heard").iterdir()}

    def hears_of(self, launches: int) -> None:
        """Wait until it has heard of so many, from the first one on."""
        expected = {str(number): str(SIZE) for number in range(launches)}
        wait_for(lambda: self.heard() == expected, lambda: f"{launches} launches, not {sorted(self.heard())}")


@pytest.fixture
def app(start_script: Callable[..., Script], home: Path) -> Launched:
    """The app."""
    app = Launched(home, free_port())
    app.write("one", LAUNCHED)
    (home / "heard").mkdir()
    starting = start_script("starting", PROGRAM.format(port=app.port))
    assert starting.wait() == 0, starting.output
    return app


@contextmanager
def deaf(app: Launched) -> Iterator[int]:
    """Have its worker hear nothing for a while."""
    worker = app.worker
    os.kill(worker, signal.SIGSTOP)
    try:
        yield worker
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)


def lets_in(link: str) -> bool:
    """Whether a one-time link does."""
    with build_opener(HTTPCookieProcessor()).open(link, timeout=20) as page:
        return bool(page.status == 200)


def launch_until_refused(app: Launched) -> int:
    """Start it again for as long as it takes that; how often it has."""
    for number in range(2 * MAX_UNSENT // SIZE):
        if (answer := app.launch(number))["type"] != "done":
            assert answer["error"] == "ControlError"
            assert "launches" in str(answer["message"])
            return number
    raise AssertionError("there is no end to what it takes")


def test_all_are_heard_and_what_is_said_after_them_is(app: Launched) -> None:
    with deaf(app):
        assert [app.launch(number)["type"] for number in range(SEVERAL)] == ["done"] * SEVERAL
    app.hears_of(SEVERAL)
    link = app.ctl("open", NAME, "--print-link").strip()
    assert lets_in(link.replace(origin_of(link), app.url))  # by the name that Python's resolver knows
    app.ctl("restart", NAME)
    assert "worker-killed" not in app.events()


def test_what_is_too_much_is_refused_and_heard_when_it_is_tried_again(app: Launched) -> None:
    with deaf(app):
        taken = launch_until_refused(app)
    assert taken >= MAX_UNSENT // SIZE
    app.hears_of(taken)
    assert app.launch(taken)["type"] == "done"
    app.hears_of(taken + 1)


def test_a_worker_that_is_raised_to_end_behind_as_many_as_fit_hears_of_them_and_ends_by_itself(app: Launched) -> None:
    with deaf(app):
        taken = launch_until_refused(app)
        app.write("two", LAUNCHED)
        restart = app.begin("ctl", "restart", NAME)
        wait_for(lambda: app.workers("draining"), "the retirement")
    app.hears_of(taken)
    assert restart.wait(20) == 0
    app.settled()
    assert app.version("authorization: Bearer " + app.ctl("token", NAME).strip()) == "two"
    assert "worker-killed" not in app.events()


def test_what_waits_at_an_upgrade_the_next_releases_worker_hears_of(app: Launched) -> None:
    supervisor = app.status()["pid"]
    with deaf(app):
        assert [app.launch(number)["type"] for number in range(SEVERAL)] == ["done"] * SEVERAL
        upgrading = app.begin("ctl", "upgrade", NAME)
        wait_for(lambda: app.status()["pid"] != supervisor, "the takeover")
        assert app.launch(SEVERAL)["type"] == "done"
    assert upgrading.wait(20) == 0
    app.hears_of(SEVERAL + 1)
    assert "worker-killed" not in app.events()


def test_what_waits_for_a_worker_that_is_killed_another_hears_of(app: Launched) -> None:
    with deaf(app) as worker:
        assert [app.launch(number)["type"] for number in range(SEVERAL)] == ["done"] * SEVERAL
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: str(SEVERAL - 1) in app.heard(), "the last launch")
    heard = app.heard()
    # Lost is what the one that was killed had in its channel, and may have read before it stood still.
    assert len(heard) >= 2
    assert [*map(str, range(SEVERAL - len(heard), SEVERAL))] == sorted(heard)
