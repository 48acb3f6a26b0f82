"""`wesktop ctl open`: a window on an app that runs."""

import pytest

from support.running import NAME, Running, Start
from support.screen import Screen
from support.waiting import wait_for

pytestmark = pytest.mark.window


@pytest.fixture
def app(start_app: Start, screen: Screen) -> Running:
    """An app without a window, on a screen."""
    screen.wait_until_empty()
    return start_app(DISPLAY=screen.display)


def opened(app: Running, screen: Screen) -> str:
    """The window on the app, once it is there."""
    wait_for(lambda: screen.windows(NAME), "the window")
    found: str = screen.window(NAME)
    return found


def noted(screen: Screen, window: str) -> bool:
    """Whether a note lies over the page: at the bottom, in the middle."""
    picture = screen.picture(window)
    return picture.at(picture.width // 2, -29) != picture.at(3, -3)


def test_it_opens_one_that_outlives_the_command_and_then_brings_it_to_the_front(app: Running, screen: Screen) -> None:
    assert app.ctl("open") == f"{NAME}: a window is open\n"
    window = opened(app, screen)
    assert screen.title(window) == NAME
    assert (screen.picture(window).width, screen.picture(window).height) == (1280, 800)
    assert app.status()["windows"] == 1
    assert app.ctl("open", NAME) == f"{NAME}: its window is in front\n"
    assert screen.windows(NAME) == [window]
    screen.close(window)
    wait_for(lambda: app.status()["windows"] == 0, "its end")
    assert app.version() == "one"
    wait_for(lambda: len(app.processes()) == 2, "supervisor and worker alone")


def test_it_waits_for_a_server_that_is_stopped_and_shows_it_again(app: Running, screen: Screen) -> None:
    app.ctl("open")
    window = opened(app, screen)
    wait_for(lambda: app.get()["served"] >= 2, "the page, besides this question")
    app.ctl("stop")
    wait_for(lambda: noted(screen, window), "a note over the page")
    assert screen.windows(NAME) == [window]
    app.ctl("start", NAME)
    wait_for(lambda: app.status()["windows"] == 1, "the window's return")
    wait_for(lambda: not noted(screen, window), "the page, loaded again")
    assert app.get()["served"] >= 2  # by the page and by this question; WebKit may ask twice
    screen.close(window)
    wait_for(lambda: app.status()["windows"] == 0, "its end")


def test_without_a_display_it_is_refused_in_one_line(app: Running) -> None:
    app.env["DISPLAY"] = ""
    done = app.command("ctl", "open")
    assert done.returncode == 1
    assert "there is no display" in done.stderr
    assert done.stderr.count("\n") == 1
    assert app.status()["windows"] == 0


def test_a_window_whose_process_ends_at_once_is_one_line(app: Running) -> None:
    (app.home / "broken").mkdir()
    (app.home / "broken" / "webview.py").write_text("import os\nos._exit(7)\n")
    app.env["PYTHONPATH"] = str(app.home / "broken")
    done = app.command("ctl", "open")
    assert done.returncode == 1
    assert done.stderr == (
        "wesktop: the window's process ended before it had opened a window (exit code 7): "
        "`wesktop doctor` may say why.\n"
    )
