"""What users of browsers expect of a window, on both toolkits."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.screen import SIZE
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
on_both = pytest.mark.parametrize("gui", ["gtk", pytest.param("qt", marks=pytest.mark.qt)])

WIDTHS = "say('width-' + innerWidth); onresize = () => say('width-' + innerWidth);"
PLACES = "say('at-' + location.hash); onhashchange = () => say('at-' + location.hash);"


def widths(shown: Shown) -> list[int]:
    """The widths that the page has seen; on Qt, a view that is not laid out yet may have none."""
    found = [int(word.removeprefix("width-")) for word in shown.said() if word.startswith("width-")]
    return [width for width in found if width]


def ready(show: Show, gui: str, options: str = "", script: str = "") -> Shown:
    """A window whose page has the focus."""
    shown = show(f"gui={gui!r}, {options}", f"script={script!r}").ready()
    shown.click()
    return shown


def page_process(shown: Shown) -> psutil.Process:
    """The engine's process that runs the page."""

    def look() -> psutil.Process | None:
        with contextlib.suppress(psutil.Error):
            engine = [each for each in shown.script.tree() if each.name().startswith(("WebKitWebPro", "QtWebEngine"))]
            parents = {each.ppid() for each in engine}
            pages = [each for each in engine if each.pid not in parents]
            forked = [
                each for each in pages if each.ppid() in {other.pid for other in engine}
            ]  # by Chromium's zygote
            return next(iter(forked or [each for each in pages if each.name().startswith("WebKit")]), None)
        return None

    return wait_for(look, "the page's process")


@on_both
def test_the_windows_title_is_the_pages_and_follows_it(show: Show, gui: str) -> None:
    shown = ready(show, gui, script="onclick = () => document.title = '(3) notes'")
    wait_for(lambda: shown.screen.title(shown.window) == "(3) notes", "the page's title")


@on_both
def test_a_title_that_is_given_stands(show: Show, gui: str) -> None:
    shown = ready(show, gui, "title='Given'", "onclick = () => { document.title = 'other'; say('renamed') }")
    shown.hear("renamed")
    assert shown.screen.title(shown.window) == "Given"


def becomes(shown: Shown, width: int) -> None:
    """Wait until the page is so wide, in its own pixels."""
    wait_for(lambda: abs(widths(shown)[-1] - width) <= 1, lambda: f"a width of {width}: {widths(shown)}")


@on_both
def test_the_page_is_enlarged_by_keys_and_wheel_and_the_size_is_kept(show: Show, gui: str) -> None:
    shown = ready(show, gui, script=WIDTHS)
    shown.screen.key(shown.window, "ctrl+plus")
    becomes(shown, 364)
    shown.screen.key(shown.window, "ctrl+minus")
    becomes(shown, 400)
    shown.screen.wheel(shown.window, up=True, key="ctrl")
    becomes(shown, 364)
    shown.close()
    shown.ended_well()
    shown = ready(show, gui, script=WIDTHS)
    becomes(shown, 364)
    shown.screen.key(shown.window, "ctrl+0")
    becomes(shown, 400)


@on_both
def test_a_page_that_handles_a_key_itself_keeps_it(show: Show, gui: str) -> None:
    keys = "onkeydown = event => { if (event.key == '+') { event.preventDefault(); say('plus') } };"
    shown = ready(show, gui, script=keys + WIDTHS)
    shown.screen.key(shown.window, "ctrl+plus")
    shown.hear("plus")
    shown.screen.key(shown.window, "ctrl+minus")
    wait_for(lambda: widths(shown)[-1] > 400, lambda: f"a smaller page: {widths(shown)}")
    assert min(widths(shown)) == 400


@on_both
def test_a_page_that_may_not_be_enlarged_stays_as_it_is(show: Show, gui: str) -> None:
    shown = ready(show, gui, "zoom=False", WIDTHS + "onkeyup = event => say('up-' + event.key)")
    shown.screen.key(shown.window, "ctrl+plus", "a")
    shown.hear("up-a")
    assert set(widths(shown)) == {400}


@on_both
def test_alt_left_and_the_mouse_lead_back_and_forward(show: Show, gui: str) -> None:
    shown = ready(show, gui, script=PLACES + "onclick = () => location.hash = 'next'")
    shown.hear("at-#next")
    shown.screen.key(shown.window, "alt+Left")
    shown.hear("at-", times=2)
    shown.screen.key(shown.window, "alt+Right")
    shown.hear("at-#next", times=2)
    shown.screen.click(8)
    shown.hear("at-", times=3)


@on_both
def test_a_page_closes_its_window(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}", "script='onclick = () => setTimeout(() => window.close(), 300)'").ready()
    shown.click()  # the page says that it was pressed, and then goes
    shown.ended_well()


@on_both
def test_text_is_selected_unless_the_app_says_otherwise(show: Show, gui: str) -> None:
    script = "onload = () => setTimeout(() => say('select-' + getComputedStyle(document.body).webkitUserSelect), 500)"
    shown = show(f"gui={gui!r}", f"script={script!r}").ready()
    wait_for(lambda: [word for word in shown.said() if word in ("select-auto", "select-text")], "selectable text")


@on_both
def test_a_right_click_shows_a_menu_unless_the_app_says_otherwise(show: Show, gui: str) -> None:
    field = "onload = () => document.body.innerHTML = '<textarea style=\"width:300px;height:200px\">text</textarea>'"
    shown = ready(show, gui, script=field)
    shown.click(3)
    wait_for(lambda: shown.screen.has_menu("demo"), "a menu")


@on_both
def test_a_page_whose_process_dies_is_loaded_again_once(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}, background='#204060'").ready()
    page_process(shown).kill()
    shown.hear("drawn", times=2)
    wait_for(lambda: re.search("page's process ended", shown.script.output), "a line in the log")
    page_process(shown).kill()
    wait_for(lambda: "again" in shown.script.output, "another line")
    wait_for(lambda: shown.picture().corners() == {(0x20, 0x40, 0x60)}, "the page that says so")
    wait_for(lambda: len(shown.picture().colours()) > 5, "its words")
    middle = shown.picture()
    for _ in range(20):  # the button is below the middle, wherever the fonts of the machine put it
        shown.screen.point(shown.window, middle.width // 2, middle.height // 2 + 20)
        shown.screen.click()
        if wait_for_drawn(shown, 3):
            return
    raise AssertionError("the button loads nothing")


def wait_for_drawn(shown: Shown, times: int) -> bool:
    try:
        wait_for(lambda: shown.said().count("drawn") >= times, "the page", 1.0)
    except AssertionError:
        return False
    return True


def test_reload_keys_are_for_debugging(show: Show, home: Path) -> None:
    shown = ready(show, "gtk", "debug=True")
    shown.screen.key(shown.window, "F5")
    shown.hear("drawn", times=2)
    shown.close()
    shown.ended_well()
    (home / "demo.said").unlink()
    shown = ready(show, "gtk", script="onkeyup = event => say('up-' + event.key)")
    shown.screen.key(shown.window, "F5", "a")
    shown.hear("up-a")
    assert shown.said().count("drawn") == 1


@on_both
def test_an_element_fills_the_screen_and_escape_brings_the_window_back(show: Show, gui: str) -> None:
    said = "onresize = () => say(`${innerWidth}x${innerHeight}`);"
    shown = ready(show, gui, script=said + "onclick = () => document.documentElement.requestFullscreen()")
    shown.hear("x".join(SIZE.split("x")[:2]))
    shown.screen.key(shown.window, "Escape")
    shown.hear("400x300")


@on_both
def test_a_page_writes_to_the_clipboard_at_a_click(show: Show, gui: str) -> None:
    writes = "navigator.clipboard.writeText('text').then(() => say('written'), error => say(error.name))"
    ready(show, gui, script=f"onclick = () => {writes}").hear("written")
