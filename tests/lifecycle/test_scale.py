"""`workers=` and `wesktop ctl scale`."""

import pytest

from support.load import load
from support.running import NAME, Start
from support.waiting import wait_for


def test_more_and_fewer_workers_serve_on_one_socket_without_a_lost_request(start_app: Start) -> None:
    app = start_app()
    with load(app.port) as clients:
        assert "3 workers serve" in app.ctl("scale", NAME, "3")
        wait_for(lambda: len(clients.values("pid")) >= 2, "answers of another worker")
        assert "1 worker serves" in app.ctl("scale", "1")
        app.settled(1)
    assert clients.failures == []


def test_a_restart_keeps_their_number(start_app: Start) -> None:
    app = start_app("--workers", "2")
    app.ctl("scale", NAME, "3")
    app.ctl("restart", NAME)
    assert app.settled(3)["generation"] == 2


def test_a_worker_that_does_not_start_is_raised_of_and_the_others_serve(start_app: Start) -> None:
    app = start_app()
    app.write("two", "raise RuntimeError('no good')")
    with load(app.port) as clients:
        refused = app.command("ctl", "scale", NAME, "2")
    assert refused.returncode == 1
    assert "no good" in refused.stderr
    assert clients.failures == []
    assert wait_for(lambda: app.workers("backoff"), "a worker that is tried again")[0]["retry_in"] is not None
    assert app.version() == "one"
    app.write("three")
    app.settled(2)


@pytest.mark.parametrize("wanted", ["0", "65", "x", "-1", ""])
def test_what_is_no_number_of_workers_is_refused(start_app: Start, wanted: str) -> None:
    app = start_app()
    refused = app.command("ctl", "scale", NAME, "--", wanted)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert app.status()["wanted"] == 1
