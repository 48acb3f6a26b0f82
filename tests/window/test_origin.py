"""The window shows its own origin alone; what leads elsewhere opens in the user's browser, or nowhere."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.browser import Browser, Site
from support.framebuffer import colour
from support.scripts import free_port
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Turn = Callable[[str], Shown]

PAGE = "#204060"

# JavaScript that goes to URL by itself, and that lets a click anywhere go there.
BY_SCRIPT = {
    "location": "location = URL",
    "replace": "location.replace(URL)",
    "link": "Object.assign(document.createElement('a'), {href: URL}).click()",
    "form": "const form = Object.assign(document.createElement('form'), {action: URL, method: 'post'});"
    "document.documentElement.append(form); form.submit()",
    "refresh": "document.head.insertAdjacentHTML('beforeend', `<meta http-equiv=refresh content='0;url=${URL}'>`)",
    "redirect": "location = '/away?to=' + encodeURIComponent(URL)",
}
A_LINK = "document.documentElement.insertAdjacentHTML('beforeend', `{}`)"
EVERYWHERE = "style='position:fixed;inset:0;opacity:0'"
BY_CLICK = {
    "link": A_LINK.format(f"<a href='${{URL}}' {EVERYWHERE}></a>"),
    "blank": A_LINK.format(f"<a href='${{URL}}' target=_blank {EVERYWHERE}></a>"),
    "no opener": A_LINK.format(f"<a href='${{URL}}' target=_blank rel=noopener {EVERYWHERE}></a>"),
    "named": A_LINK.format(f"<a href='${{URL}}' target=elsewhere {EVERYWHERE}></a>"),
    "open": "addEventListener('click', () => window.open(URL))",
    "form": A_LINK.format(f"<form action='${{URL}}' method=post><button {EVERYWHERE}></button></form>"),
}


def page(script: str, url: str, *, more: str = "") -> str:
    """The arguments of a page that is of the colour PAGE, and goes to `url` by `script`; `more` runs first."""
    whole = f"const URL = {json.dumps(url)}; onload = () => {{ {more}; {script}; say('there') }}"
    return f"colour={PAGE!r}, script={whole!r}"


NOWHERE = [
    "file:///etc/passwd",
    "data:text/html,<body style=background:red>",
    "x-custom:something",
    "tel:+123",
    "view-source:http://127.0.0.1/",
    "ftp://127.0.0.1/",
]
LAST = "mailto:last@example.org?subject=a%20b"


def still_shown(shown: Shown) -> None:
    """The window has its page, which is alive."""
    wait_for(lambda: shown.picture().corners() == {colour(PAGE)}, "the page")


@pytest.mark.parametrize("way", BY_SCRIPT)
def test_where_a_script_leads_to_another_origin_it_opens_in_the_browser(
    turn: Turn, module_browser: Browser, elsewhere: Site, way: str
) -> None:
    url = f"{elsewhere.url}/page?a=b"
    shown = turn(page(BY_SCRIPT[way], url))
    shown.hear("there")
    module_browser.opens(url)
    still_shown(shown)


@pytest.mark.parametrize("way", BY_CLICK)
def test_where_a_click_leads_to_another_origin_it_opens_in_the_browser_alone(
    turn: Turn, module_browser: Browser, elsewhere: Site, way: str
) -> None:
    url = f"{elsewhere.url}/page?a=b"
    shown = turn(page(BY_CLICK[way], url))
    shown.hear("there")
    still_shown(shown)
    shown.click()
    module_browser.opens(url)
    assert elsewhere.asked == []
    still_shown(shown)


@pytest.mark.parametrize("url", NOWHERE)
def test_what_has_no_business_in_a_browser_leads_nowhere(turn: Turn, module_browser: Browser, url: str) -> None:
    script = f"{BY_SCRIPT['location']}; setTimeout(() => location = {LAST!r}, 200)"
    shown = turn(page(script, url))
    shown.hear("there")
    module_browser.opens(LAST)
    still_shown(shown)


@pytest.mark.parametrize("url", NOWHERE)
def test_nor_does_it_where_it_is_clicked(turn: Turn, module_browser: Browser, url: str) -> None:
    after = f"addEventListener('click', () => setTimeout(() => location = {LAST!r}, 200))"
    shown = turn(page(BY_CLICK["blank"], url, more=after))
    shown.hear("there")
    still_shown(shown)
    shown.click()
    module_browser.opens(LAST)
    still_shown(shown)


FRAMED = "onmessage = event => {{ say(event.data); {then} }}; onload = () => {{ {frame} }}"
FRAME = "document.documentElement.insertAdjacentHTML('beforeend', `<iframe src='{url}' width=10 height=10></iframe>`)"


def test_a_frame_of_another_origin_is_shown_and_the_window_stays_its_own(
    turn: Turn, module_browser: Browser, elsewhere: Site
) -> None:
    away = f"{elsewhere.url}/page"
    script = FRAMED.format(then=f"location = {away!r}", frame=FRAME.format(url=f"{elsewhere.url}/frame"))
    shown = turn(f"colour={PAGE!r}, script={script!r}")
    shown.hear("framed")
    module_browser.opens(away)
    still_shown(shown)


def test_a_server_that_cannot_be_reached_is_left_to_the_browser(turn: Turn, module_browser: Browser) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    shown = turn(page(BY_SCRIPT["location"], url))
    module_browser.opens(url)
    still_shown(shown)


def test_no_file_can_be_read(turn: Turn, home: Path) -> None:
    (home / "secret").write_text("document.title")
    url = f"file://{home}/secret"
    script = (
        f"fetch({url!r}).then(() => say('read'), () => say('refused'));"
        f"onload = () => {{ {FRAME.format(url=url)}; "
        f"document.head.append(Object.assign(document.createElement('script'), "
        f"{{src: {url!r}, onload: () => say('read'), onerror: () => say('refused')}})) }}"
    )
    shown = turn(f"script={script!r}")
    shown.hear("refused", 2)
    assert "read" not in shown.said()
