"""WatchdogSec=: a supervisor that shows no life is replaced, one that does is left alone."""

import pytest

from support.load import load
from support.running import NAME
from support.systemd import Service
from support.waiting import wait_for

SHORT = "WatchdogSec=1"


@pytest.mark.parametrize("index", [0, 1])
def test_a_supervisor_that_stands_still_is_restarted_and_nothing_is_lost_or_left(app: Service, index: int) -> None:
    app.install(index, SHORT)
    app.manager.systemctl("start", app.unit)
    old = {process.pid for process in app.processes()}
    with load(app.port) as clients:
        app.signal("STOP")
        app.started_again()
        wait_for(lambda: len(clients.values("pid")) > 1, "an answer of the new one")
    assert clients.failures == []
    assert old.isdisjoint(process.pid for process in app.processes())
    app.settled()


def test_one_that_cannot_end_is_killed_and_leaves_nothing(app: Service) -> None:
    app.install(0, SHORT, "TimeoutAbortSec=1")
    app.manager.systemctl("start", app.unit)
    old = {process.pid for process in app.processes()}
    (app.directory / "stay").touch()
    app.signal("STOP")
    wait_for(lambda: app.show("NRestarts") == "1", "the restart", 40)
    assert old.isdisjoint(process.pid for process in app.processes())


def test_after_an_upgrade_it_goes_on_showing_life(app: Service) -> None:
    app.install(0, SHORT)
    app.manager.systemctl("start", app.unit)
    pid = app.main_pid()
    assert "has taken over" in app.ctl("upgrade", NAME)
    before = int(app.show("WatchdogTimestampMonotonic"))
    # Three signs of life later than the time that systemd waits for one.
    wait_for(lambda: int(app.show("WatchdogTimestampMonotonic")) > before + 2_500_000, "signs of life")
    assert app.main_pid() != pid
    assert app.main_pid() == app.status()["pid"]
    assert (app.show("NRestarts"), app.show("ActiveState")) == ("0", "active")
    assert "Serving on" in app.show("StatusText")
    app.signal("STOP")
    app.started_again()
    assert app.version() == "one"
