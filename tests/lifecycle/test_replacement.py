"""Workers that have grown too large or too old are replaced without losing a request."""

import json

import pytest

from support.load import load
from support.running import Start
from support.waiting import wait_for


@pytest.mark.long
def test_a_worker_that_has_grown_is_replaced(start_app: Start) -> None:
    app = start_app("--max-rss", "120")
    with load(app.port) as clients:
        grown = app.get("/grow")["pid"]
        wait_for(lambda: clients.answers[-1]["pid"] != grown, "another worker")
        app.settled()
    assert clients.failures == []
    assert "worker-replaced" in app.events()
    assert "MiB of memory, 120 are allowed" in app.logs()


def test_a_worker_that_is_old_is_replaced_again_and_again(start_app: Start) -> None:
    app = start_app("--max-lifetime", "1", "--workers", "2")
    with load(app.port) as clients:
        wait_for(lambda: app.events().count("worker-replaced") >= 4, "four replacements")
    assert clients.failures == []
    assert app.status()["state"] == "ready"


def test_one_whose_successor_does_not_start_goes_on(start_app: Start) -> None:
    app = start_app("--max-lifetime", "1")
    first = app.get()["pid"]
    app.write("two", "raise RuntimeError('no good')")
    with load(app.port) as clients:
        wait_for(lambda: app.workers("backoff"), "a successor that fails")
    assert clients.failures == []
    assert app.get()["pid"] == first
    assert "no good" in app.status()["trouble"]


@pytest.mark.long
def test_an_app_that_is_always_too_large_is_not_replaced_without_pause(start_app: Start) -> None:
    app = start_app("--max-rss", "5")
    wait_for(lambda: "worker-replaced" in app.events(), "a replacement")
    kinds = [json.loads(line) for line in app.ctl("events", "--json").splitlines()]
    ready = [event["time"] for event in kinds if event["kind"] == "worker-ready"]
    replaced = [event["time"] for event in kinds if event["kind"] == "worker-replaced"]
    assert replaced[0] - ready[0] >= 4.5
