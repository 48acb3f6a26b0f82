"""Which page the window shows, and when the toolkit is asked for what."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from webview.event import Event

from wesktop.window.page.page import Page
from wesktop.window.policy.rules import Rules, Verdict
from wesktop.window.toolkit import Toolkit

URL = "http://notes.localhost:8000"
LINK = f"{URL}/_wesktop/open?token=x"


class Recording(Toolkit):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def replace_page(self, window: Any, html: str) -> str:  # noqa: ARG002
        self.asked.append("replace")
        return f"{URL}/a"

    def forget_cached(self, window: Any) -> None:  # noqa: ARG002
        self.asked.append("forget")

    def reload(self, window: Any) -> None:  # noqa: ARG002
        self.asked.append("reload")


class Window:
    """What a page needs of pywebview's."""

    native = None
    background_color = "#ffffff"

    def __init__(self, asked: list[str]) -> None:
        names = ("initialized", "loaded", "closed", "before_show", "shown")
        self.events = SimpleNamespace(**{name: Event(self) for name in names})
        self._asked = asked

    def load_url(self, url: str) -> None:
        """Note what is loaded."""
        self._asked.append(url)


@pytest.fixture
def toolkit() -> Recording:
    """A toolkit."""
    return Recording()


@pytest.fixture
def rules() -> Rules:
    """What holds for the page."""
    return Rules()


@pytest.fixture
def page(toolkit: Recording, rules: Rules) -> Page:
    """A page whose window has been created, and has no view yet."""
    page = Page(Window(toolkit.asked), toolkit, rules, SimpleNamespace())  # type: ignore[arg-type]
    page._choose_first()
    return page


def test_the_first_page_waits_for_nothing(page: Page, toolkit: Recording) -> None:
    page.show(URL, LINK)
    assert toolkit.asked == [LINK]


def test_what_is_cached_goes_before_the_page_comes_back(page: Page, toolkit: Recording) -> None:
    page.show(URL, LINK)
    page._window.events.shown.set()
    page.put_away("away")
    page.show(URL, LINK)
    page.show(URL, None)
    assert toolkit.asked == [LINK, "replace", "forget", LINK]


def test_a_page_is_put_away_as_soon_as_there_is_a_view(page: Page, toolkit: Recording, rules: Rules) -> None:
    page.show(URL, LINK)
    paths: list[str] = []
    putting = threading.Thread(target=lambda: paths.append(page.put_away("away")))
    putting.start()
    putting.join(0.2)
    assert toolkit.asked == [LINK]
    assert rules.page(LINK) is Verdict.REFUSE
    page._window.events.shown.set()
    putting.join(20)
    assert toolkit.asked == [LINK, "replace"]
    assert paths == ["/a"]


def test_our_own_page_is_not_reloaded(page: Page, toolkit: Recording) -> None:
    page.choose({"role": "reload", "label": ""})
    page.show(URL, None)
    page.choose({"role": "reload", "label": ""})
    assert toolkit.asked == [URL, "reload"]
