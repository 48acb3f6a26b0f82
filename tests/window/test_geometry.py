"""Size, place and state of a window come back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
TOOLKITS = [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)]


def end(shown: Shown) -> None:
    """Close it, and wait until all of it is gone."""
    shown.close()
    shown.ended_well(within=3)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_size_and_place_come_back(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}").ready()
    shown.screen.place(shown.window, 130, 70, 640, 480)
    wait_for(lambda: shown.screen.area(shown.window)[2:] == (640, 480), "its new size")
    was = shown.screen.area(shown.window)
    end(shown)
    again = show(f"gui={gui!r}").ready()
    wait_for(lambda: again.screen.area(again.window) == was, f"{was}; it is at {again.screen.area(again.window)}")
    end(again)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_a_maximised_window_comes_back_so_and_has_its_size_when_it_is_restored(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}").ready()
    shown.screen.place(shown.window, 130, 70, 640, 480)
    wait_for(lambda: shown.screen.area(shown.window)[2:] == (640, 480), "its new size")
    was = shown.screen.area(shown.window)
    wait_for(lambda: b'"width": 640' in kept(shown.home), "its size to be kept")
    shown.screen.maximize(shown.window, on=True)
    wait_for(lambda: shown.screen.area(shown.window)[2] > 1300, "the whole screen")
    end(shown)
    again = show(f"gui={gui!r}").ready()
    wait_for(lambda: again.screen.area(again.window)[2] > 1300, "the whole screen again")
    again.screen.maximize(again.window, on=False)
    wait_for(lambda: again.screen.area(again.window) == was, f"{was}; it is at {again.screen.area(again.window)}")
    end(again)


def kept(home: Path) -> bytes:
    """What is kept of the window."""
    file = home / "state" / "wesktop" / "demo.window"
    return file.read_bytes() if file.exists() else b""


def test_it_is_kept_while_the_window_is_open(show: Show) -> None:
    shown = show().ready()
    shown.screen.place(shown.window, 130, 70, 640, 480)
    wait_for(lambda: b'"width": 640' in kept(shown.home), "its size to be kept")
    shown.script.find("wesktop.window").kill()
    shown.gone()
    again = show().ready()
    wait_for(lambda: again.screen.area(again.window)[2:] == (640, 480), "its size")


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b'{"width": -5, "height": 1e9}', b'{"width": 400, "height": 300, "x": 99999, "y": 99999}'],
)
def test_what_cannot_be_is_not_believed(show: Show, home: Path, content: bytes) -> None:
    file = home / "state" / "wesktop" / "demo.window"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    shown = show().ready()
    x, y, width, height = shown.screen.area(shown.window)
    assert (width, height) == (400, 300)
    assert 0 <= x <= 1000
    assert 0 <= y <= 660


def test_an_app_can_do_without(show: Show, home: Path) -> None:
    for _ in range(2):
        shown = show("remember_geometry=False").ready()
        assert shown.screen.area(shown.window)[2:] == (400, 300)
        shown.screen.place(shown.window, 130, 70, 640, 480)
        wait_for(lambda: shown.screen.area(shown.window)[2:] == (640, 480), "its new size")  # noqa: B023
        end(shown)
    assert kept(home) == b""


def test_a_window_of_fixed_size_comes_back_to_its_place_alone(show: Show, home: Path) -> None:
    file = home / "state" / "wesktop" / "demo.window"
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"width": 640, "height": 480, "x": 130, "y": 70, "maximized": false}')
    shown = show("window={'resizable': False}").ready()
    x, _, width, height = shown.screen.area(shown.window)
    assert (width, height) == (400, 300)
    assert 130 <= x < 140
