"""The same on Qt, in short; run by `make test-qt` in an environment that has PySide6."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.framebuffer import colour
from support.waiting import wait_for
from window.images import png
from window.shown import Shown

pytestmark = [pytest.mark.window, pytest.mark.qt]

SPLASH, PAGE, ICON = "#602040", "#204060", "#c08040"


def test_a_window_opens_on_qt_with_its_splash_then_its_page_and_leaves_nothing(
    show: Callable[..., Shown], home: Path
) -> None:
    (home / "icon.png").write_bytes(png(colour(ICON), 32))
    options = f"gui='qt', title='On Qt', background={SPLASH!r}, icon='icon.png'"
    shown = show(options, f"colour={PAGE!r}, waits='first'")
    wait_for(lambda: shown.picture().corners() == {colour(SPLASH)}, "the splash")
    (home / "go").touch()
    shown.ready()
    wait_for(lambda: shown.picture().corners() == {colour(PAGE)}, "the page")
    picture = shown.picture()
    assert (picture.width, picture.height) == (400, 300)
    assert shown.screen.title(shown.window) == "On Qt"
    assert 0xFF000000 | int(ICON[1:], 16) in shown.screen.icon(shown.window)
    shown.close()
    shown.ended_well()


def test_local_storage_survives_from_run_to_run_on_qt(show: Callable[..., Shown], home: Path) -> None:
    script = "say('was-' + localStorage.getItem('mark')); localStorage.setItem('mark', 'kept')"
    for before in ("null", "kept"):
        # The port follows from the name: one that nobody else has.
        shown = show(f"gui='qt', name={home.name!r}", f"script={script!r}", port=0).called(home.name)
        shown.hear(f"was-{before}")
        shown.close()
        shown.ended_well(within=3)  # Chromium writes its storage first


ONCE = """onload = () => say(localStorage.been ? "again" : "first").then(() => {
    if (localStorage.been) return;
    localStorage.been = true;
    location = PATH;
})"""


@pytest.mark.parametrize("path", ["/nowhere", "/file"], ids=["an error of the app's", "a download"])
def test_what_is_no_page_is_not_taken_for_a_failure_on_qt(show: Callable[..., Shown], path: str) -> None:
    shown = show("gui='qt', downloads=False", f"script={ONCE.replace('PATH', repr(path))!r}")
    shown.hear("first")
    with pytest.raises(AssertionError):  # it would be asked for again after half a second
        wait_for(lambda: "again" in shown.said(), "the page again", 2.0)
