"""The window's session, and another user's server on this machine: cookies know no ports."""

from collections.abc import Callable

import pytest

from support.browser import Browser, Site
from support.scripts import free_port
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

WAYS = {
    "script": "location = {to!r}",
    "redirect": 'location = "/away?to=" + encodeURIComponent({to!r})',
    "refresh": 'document.head.insertAdjacentHTML("beforeend", `<meta http-equiv=refresh content="0;url={to}">`)',
}
STAYS = 'setInterval(() => fetch("/pid").then(answer => say("in:" + answer.status)), 100);'


@pytest.mark.parametrize("gui", [None, pytest.param("qt", marks=pytest.mark.qt)])
@pytest.mark.parametrize("way", WAYS)
def test_another_server_neither_gets_the_sessions_cookie_nor_ends_the_session(
    show: Callable[..., Shown], browser: Browser, elsewhere: Site, way: str, gui: str | None
) -> None:
    port = free_port()
    elsewhere.sets_cookie = f"wesktop-demo-{port}=mine"
    to = f"{elsewhere.url}/stolen"
    script = f"{STAYS} setTimeout(() => {{ {WAYS[way].format(to=to)} }}, 500)"
    shown = show(f"gui={gui!r}", f"script={script!r}", port=port).ready()
    browser.opens(to)
    seen = len(shown.said())
    wait_for(lambda: len(shown.said()) > seen + 2, "the page to go on")
    assert {word for word in shown.said() if word.startswith("in:")} == {"in:200"}
    assert set(elsewhere.cookies) <= {None, elsewhere.sets_cookie}
    shown.close()
    shown.ended_well()
