"""A menu bar: its keys, its items, and what they do."""

from collections.abc import Callable

import pytest

from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
TOOLKITS = [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)]

MENU = [
    {
        "label": "File & _more",
        "items": [
            {"label": "Open \N{SNOWMAN} (as...)", "id": 'it\'s "open" </script>', "key": "Ctrl+O"},
            {"label": "Open \N{SNOWMAN} (as...)", "id": "other", "key": "Ctrl+Shift+O"},
            "-",
            {"label": "Deep", "items": [{"label": "Second page", "path": "/?second", "key": "F2"}]},
            {"label": "Reload", "role": "reload", "key": "F5"},
            {"label": "Quit", "role": "quit", "key": "Ctrl+Q"},
        ],
    },
    {"label": "Help", "items": []},
]
SCRIPT = (
    "addEventListener('wesktop:menu', event => say('chose-' + event.detail.length)); say('at-' + location.search)"
)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_the_keys_of_a_menu_do_what_its_items_are_for(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}, on_close='hide', menu={MENU!r}", f"script={SCRIPT!r}").ready()
    press = shown.screen.key
    press(shown.window, "ctrl+o")
    shown.hear(f"chose-{len(MENU[0]['items'][0]['id'])}")  # type: ignore[index]
    press(shown.window, "ctrl+shift+o")
    shown.hear("chose-5")
    press(shown.window, "F5")
    shown.hear("drawn", 2)
    press(shown.window, "F2")
    shown.hear("at-?second")
    press(shown.window, "ctrl+q")
    shown.ended_well(within=3)


@pytest.mark.parametrize("gui", TOOLKITS)
def test_an_item_can_be_chosen_by_the_mouse(show: Show, gui: str) -> None:
    shown = show(f"gui={gui!r}, menu={MENU!r}", f"script={SCRIPT!r}").ready()
    shown.screen.point(shown.window, 20, 12)
    shown.screen.click()
    shown.screen.key(shown.window, "Down", "Return")

    def chosen() -> bool:
        return any(word.startswith("chose-") for word in shown.said())

    wait_for(chosen, "the item to be chosen")
