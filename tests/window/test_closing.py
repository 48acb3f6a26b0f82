"""Who is asked before a window is closed, and a window that is hidden instead."""

import signal
from collections.abc import Callable

import pytest

from support.scripts import Script
from support.waiting import wait_for
from window.shown import Shown
from window.test_second_run import AGAIN

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
TOOLKITS = [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)]

OBJECTS = "addEventListener('beforeunload', event => { event.preventDefault(); event.returnValue = 'wait' })"


def alone(shown: Shown) -> None:
    """Wait until its dialog is gone, and it is not."""
    wait_for(lambda: shown.screen.windows(shown.name) == [shown.window], "the window alone")


@pytest.mark.parametrize("gui", TOOLKITS)
@pytest.mark.parametrize("question", [True, "Throw it all away?"])
def test_the_user_is_asked_first(show: Show, gui: str, question: object) -> None:
    shown = show(f"gui={gui!r}, confirm_close={question!r}").ready()
    shown.close()
    shown.screen.key(shown.dialog(), "Escape")
    alone(shown)
    shown.close()
    shown.screen.key(shown.dialog(), "Return")  # the safe answer is the one that is chosen already
    alone(shown)
    shown.close()
    shown.screen.key(shown.dialog(), "Tab", "Return")
    shown.ended_well(within=3)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_a_page_can_object(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}", page=f"script={OBJECTS!r}").ready()
    shown.click()
    shown.close()
    shown.screen.key(shown.dialog(), "Escape")
    alone(shown)
    shown.close()
    accept = ["Tab", "Return"] if gui == "gtk" else ["Return"]
    shown.screen.key(shown.dialog(), *accept)
    shown.ended_well(within=3)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_a_page_that_the_user_has_not_touched_has_no_say(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}", page=f"script={OBJECTS!r}").ready()
    shown.close()
    shown.ended_well(within=3)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_nor_has_one_that_is_busy_for_ever(show: Show, gui: str) -> None:
    script = f"{OBJECTS}; onclick = () => say('busy').then(() => {{ for (;;); }})"
    shown = show(f"gui={gui!r}", page=f"script={script!r}").ready()
    shown.click()
    shown.hear("busy")
    shown.close()
    shown.ended_well(within=3)


def test_nobody_is_asked_when_the_caller_ends(show: Show) -> None:
    shown = show("confirm_close=True", page=f"script={OBJECTS!r}").ready()
    shown.click()
    shown.script.process.send_signal(signal.SIGINT)
    shown.gone()


@pytest.mark.parametrize("gui", TOOLKITS)
def test_a_page_that_closes_its_window_is_asked_about_as_the_user_is(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}, confirm_close='Sure?'", page='script="onclick = () => window.close()"').ready()
    shown.click()
    shown.screen.key(shown.dialog(), "Escape")
    alone(shown)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_a_window_that_hides_goes_on_and_the_next_run_shows_it(
    show: Show, start: Callable[..., Script], gui: str
) -> None:
    shown = show(f"gui={gui!r}, on_close='hide'", page="script=\"onclick = () => say('here')\"").ready()
    for times in (1, 2):
        assert shown.window
        shown.close()
        wait_for(lambda: not shown.screen.windows("demo"), "the window to be gone")
        assert shown.script.process.poll() is None
        assert start("again", AGAIN).wait(5) == 0
        wait_for(lambda: shown.screen.windows("demo") == [shown.window], "the window again")
        wait_for(lambda: shown.screen.active() == int(shown.window, 16), "its focus")
        shown.click()
        shown.hear("here", times)
    assert shown.said().count("drawn") == 1
    shown.script.process.send_signal(signal.SIGINT)
    shown.gone(within=3)
