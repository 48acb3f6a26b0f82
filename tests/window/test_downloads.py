"""What the page offers for download goes where the user says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]

LINK = "<a href=/file style=position:fixed;inset:0;opacity:0></a>"
SCRIPT = f"onload = () => {{ document.documentElement.insertAdjacentHTML('beforeend', `{LINK}`); say('there') }}"


def saved(home: Path) -> list[Path]:
    """Where there is a file of that name."""
    return list(home.rglob("kept.txt"))


def test_a_download_goes_where_the_user_says(show: Show, home: Path) -> None:
    shown = show(page=f"script={SCRIPT!r}").ready()
    shown.hear("there")
    shown.click()
    dialog = shown.dialog()
    assert saved(home) == []
    shown.screen.key(dialog, "Return")
    (file,) = wait_for(lambda: saved(home), "the file")
    wait_for(lambda: file.read_bytes() == b"of the app", "what is in it")


def test_a_download_that_the_user_does_not_want_is_none(show: Show, home: Path) -> None:
    shown = show(page=f"script={SCRIPT!r}").ready()
    shown.hear("there")
    for _ in range(2):
        shown.click()
        shown.screen.close(shown.dialog())
        wait_for(lambda: shown.screen.windows("demo") == [shown.window], "the dialog's end")
    assert saved(home) == []
    shown.close()
    shown.ended_well()


def test_an_app_can_do_without_downloads(show: Show, home: Path) -> None:
    after = "addEventListener('click', () => setTimeout(() => say('after'), 500))"
    shown = show("downloads=False", f"script={f'{SCRIPT}; {after}'!r}").ready()
    shown.hear("there")
    shown.click()
    shown.hear("after")
    assert shown.screen.windows("demo") == [shown.window]
    assert saved(home) == []


OFFERED = {
    "html": "'/attached/text/html'",
    "pdf": "'/attached/application/pdf'",
    "json": "'/attached/application/json'",
    "data": "'data:text/plain,of the app'",
    "blob": "URL.createObjectURL(new Blob(['of the app'], {type: 'text/plain'}))",
}


@pytest.mark.parametrize("gui", ["gtk", pytest.param("qt", marks=pytest.mark.qt)])
@pytest.mark.parametrize("what", OFFERED)
def test_what_the_engine_could_show_is_saved_if_it_is_offered_so(show: Show, home: Path, gui: str, what: str) -> None:
    link = "const a = document.createElement('a'); a.style = 'position:fixed;inset:0;opacity:0'; a.href = HREF;"
    if what in ("data", "blob"):
        link += "a.download = 'kept.txt';"
    script = f"onload = () => {{ {link.replace('HREF', OFFERED[what])} document.body.append(a); say('there') }};"
    left = "addEventListener('pagehide', () => say('left'))"
    (home / "Downloads").mkdir()
    shown = show(f"gui={gui!r}", f"script={script + left!r}").ready()
    shown.hear("there")
    shown.click()
    shown.screen.key(shown.dialog(), "Return")
    (file,) = wait_for(lambda: saved(home), "the file")
    wait_for(lambda: file.read_bytes() == b"of the app", "what is in it")
    assert file.parent == home / "Downloads"
    assert "left" not in shown.said()
