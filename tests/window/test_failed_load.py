"""A page that cannot be loaded: no refused page is shown, and the app's page comes when it can."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.framebuffer import colour
from support.screen import Screen
from support.scripts import Script, free_port
from support.waiting import wait_for

pytestmark = pytest.mark.window

PROGRAM = """
import os
from pathlib import Path
import wesktop

router = wesktop.Router()

@router.get("/")
async def page(request):
    if not Path("died").exists():
        Path("died").touch()
        os._exit(1)
    return wesktop.HTMLResponse("<style>html {{ background: #336699 }}</style>")

app = wesktop.create_app(router)
wesktop.run("fragile:app", port={port}, width=400, height=300, background="#602040")
"""


LINK = """
import os
from pathlib import Path
import wesktop

router = wesktop.Router()

@router.get("/")
async def page(request):
    return wesktop.HTMLResponse(
        "<style>html {{ background: #336699 }}</style><script>"
        "onclick = () => {{ location = '/dies'; setInterval(() => fetch('/later'), 500) }}</script>"
    )

@router.get("/dies")
async def dies(request):
    with open("asked", "a") as file:
        file.write("x")
    os._exit(1)

@router.get("/later")
async def later(request):
    with open("later", "a") as file:
        file.write("x")

app = wesktop.create_app(router)
wesktop.run("fragile:app", port={port}, width=400, height=300, gui={gui!r})
"""


@pytest.mark.parametrize("gui", [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)])
def test_what_cannot_be_loaded_over_the_app_s_page_is_not_asked_for_again(
    start: Callable[..., Script], screen: Screen, home: Path, gui: str
) -> None:
    """A frame of it may have asked, and the window would ask in its user's name."""
    script = start("fragile", LINK.format(port=free_port(), gui=gui))
    window = screen.window("fragile")
    wait_for(lambda: screen.picture(window).corners() == {colour("#336699")}, lambda: f"the page; {script.output}")
    screen.point(window, 100, 100)

    def clicked() -> bool:  # Chromium ignores clicks in the first moments
        screen.click()
        return (home / "asked").exists()

    wait_for(clicked, "the request that kills the worker")
    later = home / "later"
    wait_for(lambda: later.exists() and len(later.read_text()) > 2, "the page to be answered by another worker")
    asked = (home / "asked").read_text()  # by an engine that tries again on another connection, too
    before = len(later.read_text())
    wait_for(lambda: len(later.read_text()) > before + 3, "the page to go on")
    assert (home / "asked").read_text() == asked
    assert screen.picture(window).corners() == {colour("#336699")}
    screen.close(window)
    assert script.wait() == 0, script.output


def test_a_worker_that_dies_under_the_first_page_leaves_the_splash_until_the_next_one_answers(
    start: Callable[..., Script], screen: Screen, home: Path
) -> None:
    script = start("fragile", PROGRAM.format(port=free_port()))
    window = screen.window("fragile")
    seen = set()

    def drawn() -> bool:
        corners = screen.picture(window).corners()
        seen.update(corners)
        return corners == {colour("#336699")}

    wait_for(drawn, lambda: f"the page; output: {script.output}")
    assert (home / "died").exists()
    assert seen <= {colour("#602040"), colour("#336699")}
    screen.close(window)
    assert script.wait() == 0, script.output
