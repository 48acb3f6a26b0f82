"""pywebview's bridge to Python: no script of the page or of a frame has it, and what it is for goes on."""

import json
import logging
from collections.abc import Callable
from html import escape
from types import SimpleNamespace

import pytest
from webview.util import js_bridge_call

from support.browser import Site
from support.waiting import wait_for
from wesktop.window.policy.bridge import ClosedBridge
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]

GUIS = [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)]

# The ways to Python that a script has, by the names under which pywebview and the engines put them into a page.
FOUND = """([...["pywebview", "qt", "QWebChannel"].filter(name => name in window),
    ...(window.webkit?.messageHandlers?.jsBridge ? ["jsBridge"] : [])].join("+") || "nothing")"""
ANSWER = f"<script>onmessage = event => event.source.postMessage('frame:' + {FOUND}, '*')</script>"
ATTACK = """<script>const state = {key: "k", value: "'; say('taken'); //"};
try { webkit.messageHandlers.jsBridge.postMessage(
    JSON.stringify({funcName: "pywebviewStateUpdate", params: state, id: "1"})) } catch {}
parent.postMessage("tried", "*")</script>"""
MENU = [{"label": "Go", "items": [{"label": "Next", "path": "/?next", "key": "F5"}]}]


def sandboxed(html: str) -> str:
    """A frame that has no origin, which is allowed by the default policy too."""
    return f'<iframe sandbox="allow-scripts" srcdoc="{escape(html)}"></iframe>'


def with_frame(frame: str, then: str) -> str:
    """The script of a page with that frame; `then` runs once pywebview's own scripts have."""
    put = f"onload = () => document.body.insertAdjacentHTML('beforeend', {json.dumps(frame)});".replace("</", "<\\/")
    return f"{put} onmessage = event => say(event.data); addEventListener('pywebviewready', () => {{ {then} }})"


@pytest.mark.parametrize("gui", GUIS)
@pytest.mark.parametrize("kind", ["sandboxed", "foreign"])
def test_neither_a_page_nor_its_frames_find_a_way_to_python(
    show_to_user: Show, elsewhere: Site, gui: str, kind: str
) -> None:
    elsewhere.html = ANSWER
    frame = sandboxed(ANSWER) if kind == "sandboxed" else f'<iframe src="{elsewhere.url}/"></iframe>'
    script = with_frame(frame, f"say('page:' + {FOUND}); setInterval(() => frames[0].postMessage('', '*'), 50)")
    shown = show_to_user(f"gui={gui!r}, csp=''", f"script={script!r}")
    shown.hear("page:nothing")
    shown.hear("frame:nothing")
    assert {word for word in shown.said() if ":" in word} == {"page:nothing", "frame:nothing"}


CALLS = ["__str__", "__class__.__str__", "__class__.__base__.__subclasses__", "api.x", "_js_api", "destroy"]


@pytest.mark.parametrize("name", CALLS)
def test_where_a_page_has_the_bridge_nothing_is_behind_it(caplog: pytest.LogCaptureFixture, name: str) -> None:
    with caplog.at_level(logging.ERROR, "pywebview"):
        js_bridge_call(SimpleNamespace(_functions={}, _js_api=ClosedBridge()), name, [], "id")
    assert caplog.messages == [f"Function {name}() does not exist"]


@pytest.mark.parametrize("gui", GUIS)
def test_what_a_frame_sends_is_in_no_script_of_the_next_page(show_to_user: Show, gui: str) -> None:
    script = with_frame(sandboxed(ATTACK), "if (location.search) say('next')")
    shown = show_to_user(f"gui={gui!r}, menu={MENU!r}", f"script={script!r}").ready()
    shown.hear("tried")
    shown.screen.key(shown.window, "F5")
    shown.hear("next")
    assert "taken" not in shown.said()


@pytest.mark.parametrize("gui", GUIS)
def test_pywebviews_own_scripts_still_reach_the_document_and_python(show: Show, gui: str) -> None:
    """Text is not selected if the app says so, and a window without a frame is moved by parts of its page."""
    script = (
        "addEventListener('pywebviewready', () => { document.body.insertAdjacentHTML('beforeend',"
        "'<p class=pywebview-drag-region style=\"height: 100vh\">');"
        "say(getComputedStyle(document.body).webkitUserSelect) })"
    )
    shown = show(
        f"gui={gui!r}, text_select=False, window={{'frameless': True, 'easy_drag': False}}", f"script={script!r}"
    ).ready()
    shown.hear("none")
    screen, before = shown.screen, shown.screen.area(shown.window)

    def moves() -> bool:
        screen.point(shown.window, 100, 100)
        screen.press(down=True)
        for step in range(110, 150, 10):
            screen.point(shown.window, step, 100)
        screen.press(down=False)
        return screen.area(shown.window)[:2] != before[:2]

    wait_for(moves, "the window to be moved")


@pytest.mark.parametrize("gui", GUIS)
def test_an_alert_waits_for_the_user(show: Show, gui: str) -> None:
    # Once it is heard that the page was pressed: while it waits for the user, it says nothing.
    script = "onclick = async () => { await say('clicked'); alert('two words'); say('answered') }"
    shown = show(f"gui={gui!r}", f"script={script!r}").ready()
    shown.click()
    window = shown.dialog() if gui == "qt" else shown.window  # on GTK it is drawn over the page
    assert "answered" not in shown.said()

    def answered() -> bool:
        shown.screen.key(window, "Return")
        return "answered" in shown.said()

    wait_for(answered, "the end of alert()")
