"""README.md's program, as somebody pastes it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.screen import Screen
from support.scripts import Script, alive, answers
from support.session import authorization
from support.waiting import wait_for

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FIRST_PROGRAM = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
URL = "http://127.0.0.1:8000/"  # run()'s default, which the program leaves as it is


def test_readme_has_fewer_than_200_lines() -> None:
    assert len(README.splitlines()) < 200


def test_first_program_has_at_most_15_lines() -> None:
    assert len(FIRST_PROGRAM.splitlines()) <= 15


@pytest.mark.window
def test_first_program_opens_its_window_and_ends_with_it(
    screen: Screen, start_script: Callable[..., Script], home: Path
) -> None:
    script = start_script("hello", FIRST_PROGRAM, DISPLAY=screen.display)
    window = screen.window("hello")
    assert screen.title(window) == "Hello"
    assert b"<h1>Hello</h1>" in wait_for(lambda: answers(URL, *authorization(home, "hello")), "the page")
    wait_for(
        lambda: len(screen.picture(window).colours()) > 10, lambda: f"text in the window; output: {script.output}"
    )
    tree = script.tree()
    screen.close(window)
    assert script.wait() == 0, script.output
    wait_for(lambda: not any(map(alive, tree)), "the end of all its processes", timeout=2)
