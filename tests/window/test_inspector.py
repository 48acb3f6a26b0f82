"""Developer tools: in the context menu where debug is asked for, nowhere else, and never over a port."""

from collections.abc import Callable

import psutil
import pytest

from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
TOOLKITS = [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)]


def ports_of(shown: Shown) -> list[object]:
    """What the window's processes listen on."""
    window = shown.script.find("wesktop.window")
    connections = (
        connection
        for process in [window, *window.children(recursive=True)]
        for connection in process.net_connections("inet")
    )
    return [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]


@pytest.mark.parametrize("gui", TOOLKITS)
@pytest.mark.parametrize("debug", [False, True])
def test_a_window_listens_nowhere(show: Show, gui: str, debug: bool) -> None:
    shown = show(f"gui={gui!r}, debug={debug}", QTWEBENGINE_REMOTE_DEBUGGING="8228").ready()
    assert ports_of(shown) == []
    assert shown.screen.windows("demo") == [shown.window]


@pytest.mark.parametrize("gui", TOOLKITS)
def test_debug_has_them_in_the_context_menu(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}, debug=True", "script=\"oncontextmenu = () => say('menu')\"").ready()
    shown.click()
    shown.screen.click(button=3)
    shown.hear("menu")
    wait_for(lambda: shown.screen.has_menu("demo"), "the menu")
    shown.screen.key(shown.window, "Up", "Return")  # the last one
    shown.dialog()
    assert ports_of(shown) == []
    shown.close()
    shown.ended_well(within=3)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_an_app_without_a_context_menu_shows_none(show: Show, gui: str) -> None:
    shown = show(
        f"gui={gui!r}, context_menu=False", "script=\"oncontextmenu = () => setTimeout(() => say('menu'), 300)\""
    ).ready()
    shown.click()
    shown.screen.click(button=3)
    shown.hear("menu")
    assert not shown.screen.has_menu("demo")
