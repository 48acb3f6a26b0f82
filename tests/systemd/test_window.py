"""A window on an app that systemd runs: as on any other that outlives its window."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from support.load import load
from support.screen import Screen, own_screen
from support.systemd import Service
from support.waiting import wait_for

pytestmark = pytest.mark.window

RUN = "import wesktop; wesktop.run('app:app', name='app', port={port}, keep_alive=True)"


OPENS = """
@router.get("/open")
def open_window(request):
    import wesktop
    wesktop.open_window("/")
    return {}
"""


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    """A screen for these tests."""
    with own_screen() as opened:
        yield opened


@pytest.fixture
def served(app: Service, screen: Screen) -> Service:
    """An installed service of the name `app`."""
    screen.wait_until_empty()
    app.unit, app.socket_unit = "wesktop-app.service", "wesktop-app.socket"
    app.write("one")
    app.manager.env["DISPLAY"] = screen.display
    install(app)
    return app


def install(app: Service, *options: str) -> None:
    given = ["app", "app:app", f"--port={app.port}", f"--directory={app.directory}", *options]
    done = app.manager.run("wesktop", "service", "install", *given)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def on_demand(served: Service) -> Service:
    """The same, started by the first connection."""
    install(served, "--replace", "--on-demand")
    assert served.show("ActiveState") == "inactive"
    return served


def windows(app: Service) -> int:
    found: int = json.loads(app.ctl("status", "app", "--json"))["windows"]
    return found


def test_ctl_open_shows_it_and_closing_leaves_the_service(served: Service, screen: Screen) -> None:
    pid = served.main_pid()
    assert served.ctl("open", "app") == "app: a window is open\n"
    window = screen.window("app")
    wait_for(lambda: windows(served) == 1, "the window's lease")
    screen.close(window)
    wait_for(lambda: windows(served) == 0, "its end")
    assert (served.main_pid(), served.show("NRestarts"), served.version()) == (pid, "0", "one")


def test_run_with_keep_alive_attaches_to_it_and_a_reload_goes_on_beneath(served: Service, screen: Screen) -> None:
    pid = served.main_pid()
    script = served.directory / "show.py"
    script.write_text(RUN.format(port=served.port))
    command = served.manager.inside(sys.executable, str(script))
    with subprocess.Popen(command, env=served.manager.env, stdin=subprocess.DEVNULL) as process:
        window = screen.window("app")
        wait_for(lambda: windows(served) == 1, "the window's lease")
        with load(served.port) as clients:
            served.write("two")
            served.manager.systemctl("reload", served.unit)
            assert served.version() == "two"
        assert clients.failures == []
        assert windows(served) == 1
        screen.close(window)
        assert process.wait(20) == 0
    wait_for(lambda: windows(served) == 0, "its end")
    assert (served.main_pid(), served.show("ActiveState"), served.version()) == (pid, "active", "two")


def test_a_window_starts_a_service_on_demand(on_demand: Service, screen: Screen) -> None:
    app = on_demand
    script = app.directory / "show.py"
    script.write_text(RUN.format(port=app.port))
    command = app.manager.inside(sys.executable, str(script))
    with subprocess.Popen(command, env=app.manager.env, stdin=subprocess.DEVNULL) as process:
        window = screen.window("app")
        wait_for(lambda: windows(app) == 1, "the window's lease")
        assert app.show("ActiveState") == "active"
        screen.close(window)
        assert process.wait(20) == 0
    app.ctl("stop", "app")
    wait_for(lambda: app.show("ActiveState") == "inactive", "its end")
    assert app.ctl("open", "app") == "app: a window is open\n"
    screen.close(screen.window("app"))
    wait_for(lambda: windows(app) == 0, "its end")
    assert app.show("ActiveState") == "active"


def test_the_app_opens_a_window_itself_inside_of_its_sandbox(served: Service, screen: Screen) -> None:
    served.write("two", OPENS)
    install(served, "--replace", "--env=DISPLAY")
    served.get("/open")
    window = screen.window("app")
    assert windows(served) == 1
    screen.close(window)
    wait_for(lambda: windows(served) == 0, "its end")
    assert served.show("ActiveState") == "active"
