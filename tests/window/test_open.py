"""What a program's window looks like from its first moment on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.framebuffer import colour
from support.waiting import wait_for
from window.images import png
from window.shown import Shown

pytestmark = pytest.mark.window

SPLASH, PAGE, ICON = "#602040", "#204060", "#c08040"
Show = Callable[..., Shown]


def test_the_page_is_drawn_in_the_window(show: Show) -> None:
    shown = show(page=f"colour={PAGE!r}").ready()
    wait_for(lambda: shown.picture().corners() == {colour(PAGE)}, "the page's colour")
    assert shown.picture().colours() == {colour(PAGE): 400 * 300}


def test_the_splash_has_the_background_until_the_app_is_ready(show: Show, home: Path) -> None:
    shown = show(f"background={SPLASH!r}", f"colour={PAGE!r}, waits='first'")
    wait_for(lambda: shown.picture().corners() == {colour(SPLASH)}, "the splash")
    assert shown.said() == []
    (home / "go").touch()
    wait_for(lambda: shown.picture().corners() == {colour(PAGE)}, "the page")


def test_a_start_that_takes_long_shows_a_sign_of_life(show: Show) -> None:
    shown = show("background='#000000'", "waits='first'")
    wait_for(lambda: len(shown.picture().colours()) > 1, "a spinner on the splash")
    assert shown.picture().corners() == {colour("#000000")}


@pytest.mark.parametrize("waits", ["", "first"])
def test_no_other_colour_is_seen_on_the_way_from_splash_to_page(show: Show, home: Path, waits: str) -> None:
    shown = show(f"background={SPLASH!r}", f"colour={PAGE!r}, waits={waits!r}")
    seen = [shown.picture().corners()]
    (home / "go").touch()
    while seen[-1] != {colour(PAGE)}:
        seen.append(shown.picture().corners())
    assert set().union(*seen) <= {colour(SPLASH), colour(PAGE)}


def test_title_size_class_and_icon_are_the_given_ones(show: Show, home: Path) -> None:
    (home / "icon.png").write_bytes(png(colour(ICON), 32))
    title = "Grüße \N{EM DASH} 100 % <b>"
    shown = show(f"title={title!r}, icon='icon.png', name='my.app-1'", name="demo").called("my.app-1")
    assert shown.screen.title(shown.window) == title
    assert shown.screen.windows("my.app-1") == [shown.window]
    picture = shown.picture()
    assert (picture.width, picture.height) == (400, 300)
    assert shown.screen.icon(shown.window) == [32, 32] + [0xFF000000 | int(ICON[1:], 16)] * 32 * 32


def test_the_icon_may_be_an_svg(show: Show, home: Path) -> None:
    (home / "icon.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32">'
        f'<rect width="32" height="32" fill="{ICON}"/></svg>'
    )
    shown = show("icon='icon.svg'").ready()
    assert set(shown.screen.icon(shown.window)[2:]) == {0xFF000000 | int(ICON[1:], 16)}


def test_further_window_options_reach_the_window(show: Show) -> None:
    shown = show("window={'resizable': False}").ready()
    assert "program specified minimum size: 400 by 300" in shown.screen.size_hints(shown.window)
