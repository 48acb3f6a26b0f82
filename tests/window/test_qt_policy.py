"""The same rules on Qt."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.browser import Browser, Site
from support.waiting import wait_for
from window.shown import Shown
from window.test_downloads import SCRIPT, saved
from window.test_origin import BY_CLICK, BY_SCRIPT, FRAME, FRAMED, LAST, NOWHERE, PAGE, page, still_shown
from window.test_permissions import ASKS, NAMES, on_click

pytestmark = [pytest.mark.window, pytest.mark.qt]

Show = Callable[..., Shown]

QT = "gui='qt', csp='', "


@pytest.mark.parametrize("way", BY_SCRIPT)
def test_where_a_script_leads_to_another_origin_it_opens_in_the_browser_alone(
    show: Show, browser: Browser, elsewhere: Site, way: str
) -> None:
    url = f"{elsewhere.url}/page?a=b"
    shown = show(QT, page(BY_SCRIPT[way], url))
    browser.opens(url)
    assert elsewhere.asked == []
    still_shown(shown)


@pytest.mark.parametrize("way", BY_CLICK)
def test_where_a_click_leads_to_another_origin_it_opens_in_the_browser_alone(
    show: Show, browser: Browser, elsewhere: Site, way: str
) -> None:
    url = f"{elsewhere.url}/page?a=b"
    shown = show(QT, page(BY_CLICK[way], url))
    shown.hear("there")
    still_shown(shown)
    shown.click()
    browser.opens(url)
    assert elsewhere.asked == []
    still_shown(shown)


@pytest.mark.parametrize("url", NOWHERE)
def test_what_has_no_business_in_a_browser_leads_nowhere(
    show: Show, browser: Browser, elsewhere: Site, url: str
) -> None:
    after = f"addEventListener('click', () => setTimeout(() => location = '{elsewhere.url}/', 200))"
    shown = show(QT, page(BY_CLICK["blank"], url, more=after))
    shown.hear("there")
    still_shown(shown)
    shown.click()
    browser.opens(f"{elsewhere.url}/")
    still_shown(shown)


def test_a_frame_of_another_origin_is_shown_and_the_window_stays_its_own(
    show: Show, browser: Browser, elsewhere: Site
) -> None:
    away = f"{elsewhere.url}/page"
    script = FRAMED.format(then=f"location = {away!r}", frame=FRAME.format(url=f"{elsewhere.url}/frame"))
    shown = show(QT, f"colour={PAGE!r}, script={script!r}")
    shown.hear("framed")
    browser.opens(away)
    still_shown(shown)


def test_a_mail_address_that_is_clicked_opens_in_the_mail_program(show: Show, browser: Browser) -> None:
    shown = show(QT, page(BY_CLICK["link"], LAST))
    shown.hear("there")
    still_shown(shown)
    shown.click()
    browser.opens(LAST)
    still_shown(shown)


@pytest.mark.parametrize("what", ASKS)
def test_a_page_may_use_nothing_unasked(show: Show, what: str) -> None:
    ask, refusal = ASKS[what]
    shown = show(QT, on_click(ask)).ready()
    shown.click()
    shown.hear(refusal)
    assert "granted" not in shown.said()


@pytest.mark.parametrize("what", ASKS)
def test_a_page_may_use_what_was_asked_for(show: Show, what: str) -> None:
    shown = show(f"{QT} permissions=[{NAMES.get(what, what)!r}]", on_click(ASKS[what][0])).ready()
    shown.click()
    shown.hear("granted")


@pytest.mark.parametrize(
    ("permissions", "call", "outcome"),
    [
        ([], "getUserMedia({video: true})", "refused"),
        ([], "getUserMedia({audio: true})", "refused"),
        (["camera"], "getUserMedia({video: true})", "granted"),
        (["camera"], "getUserMedia({audio: true, video: true})", "refused"),
        (["microphone"], "getUserMedia({audio: true})", "granted"),
        (["camera", "microphone"], "getUserMedia({audio: true, video: true})", "granted"),
        ([], "getDisplayMedia({video: true})", "refused"),
        (["screen"], "getDisplayMedia({video: true})", "granted"),
    ],
)
def test_camera_microphone_and_screen_are_permissions(
    show: Show, permissions: list[str], call: str, outcome: str
) -> None:
    script = f"navigator.mediaDevices.{call}.then(() => say('granted'), () => say('refused'))"
    shown = show(f"{QT} permissions={permissions}", on_click(script), QTWEBENGINE_CHROMIUM_FLAGS=FAKE_DEVICES).ready()
    shown.click()
    shown.hear(outcome)


FAKE_DEVICES = "--no-sandbox --use-fake-device-for-media-stream"


def test_a_download_goes_where_the_user_says(show: Show, home: Path) -> None:
    shown = show(QT, f"script={SCRIPT!r}").ready()
    shown.hear("there")
    shown.click()
    dialog = shown.dialog()
    assert saved(home) == []
    shown.screen.key(dialog, "Return")
    (file,) = wait_for(lambda: saved(home), "the file")
    wait_for(lambda: file.read_bytes() == b"of the app", "what is in it")


def test_what_the_window_loads_itself_is_refused_while_it_belongs_to_nobody() -> None:
    """A load that was asked for just before the server went away may come after it."""
    from qtpy.QtCore import QUrl

    from wesktop.window.policy.rules import Rules
    from wesktop.window.qt.policy import _on_navigation

    class Request:
        NavigationType = SimpleNamespace(TypedNavigation=1)

        def __init__(self, url: str) -> None:
            self.decided: list[str] = []
            self.url = lambda: QUrl(url)
            self.isMainFrame = lambda: True
            self.navigationType = lambda: 1
            self.accept = lambda: self.decided.append("accept")
            self.reject = lambda: self.decided.append("reject")

    def decided(url: str) -> list[str]:
        request = Request(url)
        _on_navigation(request, rules)
        return request.decided

    rules = Rules()
    link = "http://127.0.0.1:8000/_wesktop/open?token=x"
    for own, decision in ((None, "reject"), (link, "accept"), (None, "reject")):
        rules.belongs_to(own)
        assert decided(link) == [decision]
        assert decided("data:text/html,away") == ["accept"]
