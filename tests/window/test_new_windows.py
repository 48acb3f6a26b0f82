"""New windows of the app's own origin: for its own pages they are the window, for a frame's they are nothing."""

import json
from collections.abc import Callable
from html import escape

import pytest

from support.browser import Browser, Site
from support.framebuffer import colour
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]

MIDDLE = 2  # has Chromium open any link in a new window
GUIS = [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)]
PAGE = "#204060"
EVERYWHERE = "style='position:fixed;inset:0;width:100%;height:100%;border:0;opacity:0'"

# HTML that has a click open URL, in a new window or in place of the whole page.
NEW = {
    "link": f"<a href='URL' target=_blank {EVERYWHERE}></a>",
    "no referrer": f"<a href='URL' target=_blank rel=noreferrer {EVERYWHERE}></a>",
    "named": f"<a href='URL' target=elsewhere {EVERYWHERE}></a>",
    "base": f"<base target=_blank><a href='URL' {EVERYWHERE}></a>",
    "drawing": f"<svg {EVERYWHERE}><a href='URL' target=_blank><rect width=400 height=300></a></svg>",
    "open": "<script>addEventListener('click', () => open('URL'))</script>",
    "form": f"<form action='URL' target=_blank method=post><button {EVERYWHERE}></button></form>",
    "button": f"<form><button formaction='URL' formtarget=_blank formmethod=post {EVERYWHERE}></button></form>",
    "submit": "<form action='URL' target=_blank method=post></form>"
    "<script>addEventListener('click', () => document.forms[0].submit())</script>",
}
TOP = {
    "link": f"<a href='URL' target=_top {EVERYWHERE}></a>",
    "form": f"<form action='URL' target=_top method=post><button {EVERYWHERE}></button></form>",
    "location": "<script>addEventListener('click', () => { top.location = 'URL' })</script>",
}
MENU = [
    {
        "label": "Go",
        "items": [{"label": "Reload", "role": "reload", "key": "F5"}, {"label": "Home", "path": "/", "key": "F6"}],
    }
]
TELLS = """<!doctype html><script>
addEventListener("pointerdown", () => parent.postMessage("pressed", "*"), true);
addEventListener("click", () => setTimeout(() => parent.postMessage("clicked", "*"), 300), true);
onmessage = event => parent.postMessage(event.data, "*");
</script>"""


def inserted(html: str, more: str = "") -> str:
    """A page of the colour PAGE that shows the HTML over all of it, as arguments of `page_app`."""
    put = json.dumps(html).replace("</", "<\\/")
    script = (
        f"onmessage = event => say(event.data); {more};"
        f"onload = () => {{ document.body.append(document.createRange().createContextualFragment({put}));"
        "say('there') }"
    )
    return f"colour={PAGE!r}, script={script!r}"


def frame(kind: str, html: str, elsewhere: Site) -> str:
    """A frame with that HTML, in which APP is where the app is; the sandboxed one is the app's, and has no origin."""
    put = json.dumps(html).replace("</", "<\\/")
    elsewhere.html = f"{TELLS}<script>document.write({put}.replaceAll('APP', location.ancestorOrigins[0]))</script>"
    if kind == "foreign":
        return f"<iframe src='{elsewhere.url}/' {EVERYWHERE}></iframe>"
    allowed = "allow-scripts allow-popups allow-forms allow-top-navigation"
    return f'<iframe sandbox="{allowed}" srcdoc="{escape(elsewhere.html)}" {EVERYWHERE}></iframe>'


def asked(shown: Shown) -> list[str]:
    return [word for word in shown.said() if word.startswith("asked-")]


@pytest.mark.parametrize("gui", GUIS)
@pytest.mark.parametrize("way", NEW)
def test_a_new_window_that_a_page_asks_for_is_this_one_and_asked_for_by_the_page(
    show: Show, browser: Browser, gui: str, way: str
) -> None:
    shown = show(f"gui={gui!r}", page=inserted(NEW[way].replace("URL", "/asked")))
    shown.hear("there")
    shown.click()
    wait_for(lambda: asked(shown), lambda: f"the page that was asked for; said: {shown.said()}")
    method = "POST" if way in ("form", "button", "submit") else "GET"
    referer = None if way == "no referrer" else f"{shown.origin}/"
    assert asked(shown) == [f"asked-{method}-same-origin-{referer}"]
    assert browser.opened() == []
    assert len(shown.screen.windows("demo")) == 1


@pytest.mark.parametrize("gui", GUIS)
@pytest.mark.parametrize("kind", ["foreign", "sandboxed"])
@pytest.mark.parametrize("way", ["link", "open", "form"])
def test_one_that_a_frame_asks_for_is_opened_nowhere(
    show_to_user: Show, browser: Browser, elsewhere: Site, gui: str, kind: str, way: str
) -> None:
    html = NEW[way].replace("URL", "APP/asked")
    shown = show_to_user(f"gui={gui!r}, csp=''", page=inserted(frame(kind, html, elsewhere)))
    shown.hear("there")
    shown.click()
    shown.hear("clicked")
    assert asked(shown) == []
    assert browser.opened() == []


@pytest.mark.parametrize("gui", GUIS)
def test_so_it_is_with_the_middle_button(show_to_user: Show, browser: Browser, elsewhere: Site, gui: str) -> None:
    frame_html = f"<a href='APP/asked' {EVERYWHERE}></a>"
    html = frame("foreign", frame_html, elsewhere).replace("height:100%", "height:150px")
    shown = show_to_user(f"gui={gui!r}, csp=''", page=inserted(f"<a href='/asked' {EVERYWHERE}></a>{html}"))
    shown.hear("there")
    shown.click(MIDDLE)
    assert asked(shown) == []
    shown.screen.point(shown.window, 100, 250)
    shown.screen.click(MIDDLE)
    wait_for(lambda: asked(shown), "the page's own")
    assert asked(shown) == [f"asked-GET-same-origin-{shown.origin}/"]
    assert browser.opened() == []


@pytest.mark.parametrize("gui", GUIS)
@pytest.mark.parametrize(("kind", "way"), [*(("foreign", way) for way in TOP), ("sandboxed", "link")])
def test_what_a_frame_puts_in_place_of_the_page_is_refused_by_the_server_also_when_it_is_reloaded(
    show_to_user: Show, elsewhere: Site, gui: str, kind: str, way: str
) -> None:
    html = TOP[way].replace("URL", "APP/asked")
    page = inserted(frame(kind, html, elsewhere))
    shown = show_to_user(f"gui={gui!r}, csp='', menu={MENU!r}", page=page)
    shown.hear("there")
    shown.click()
    if gui == "gtk":
        shown.hear("clicked")  # the page stays
    else:
        wait_for(lambda: shown.picture().corners() != {colour(PAGE)}, "the refusal")
    before = shown.said().count("there")
    shown.screen.key(shown.window, "F5", "F5", "F5", "F6")
    shown.hear("there", before + 1)
    assert asked(shown) == []


@pytest.mark.parametrize("gui", GUIS)
def test_a_frame_that_a_link_names_shows_it(show: Show, gui: str) -> None:
    html = f"<iframe name=inner sandbox src='/pid'></iframe><a href='/asked' target=inner {EVERYWHERE}></a>"
    shown = show(f"gui={gui!r}, csp=''", page=inserted(html))
    shown.hear("there")
    shown.click()
    wait_for(lambda: asked(shown), "what the frame shows")
    assert shown.picture().corners() == {colour(PAGE)}
