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
