"""An upgrade of a service: systemd follows the supervisor to its new process."""

import pytest

from support.load import load
from support.running import NAME
from support.systemd import Service
from support.waiting import wait_for


@pytest.mark.parametrize("index", [0, 1])
def test_nothing_is_lost_and_the_service_goes_on(app: Service, index: int) -> None:
    app.install(index)
    app.manager.systemctl("start", app.unit)
    with load(app.port) as clients:
        for _ in range(2):
            before = app.main_pid()
            assert "has taken over" in app.ctl("upgrade", NAME)
            wait_for(lambda before=before: app.main_pid() != before, "systemd to know")  # type: ignore[misc]
            assert app.main_pid() == app.status()["pid"]
    assert clients.failures == []
    assert (app.show("NRestarts"), app.show("ActiveState")) == ("0", "active")
    app.manager.systemctl("stop", app.unit)
    assert app.show("Result") == "success"
    wait_for(lambda: not app.processes(), "the end of all")


def test_when_the_new_main_process_is_killed_systemd_starts_the_service_again(app: Service) -> None:
    app.install(0)
    app.manager.systemctl("start", app.unit)
    app.ctl("upgrade", NAME)
    app.signal("KILL")
    app.started_again()
    assert app.version() == "one"


def test_code_that_does_not_start_leaves_it_as_it_was(app: Service) -> None:
    app.install(0)
    app.manager.systemctl("start", app.unit)
    before = app.main_pid()
    app.write("two", "raise RuntimeError('no good')")
    assert app.command("ctl", "upgrade", NAME).returncode == 1
    assert (app.main_pid(), app.show("NRestarts"), app.show("ActiveState")) == (before, "0", "active")
    assert app.version() == "one"
