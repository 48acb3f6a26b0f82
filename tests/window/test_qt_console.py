"""What a page on Qt says to its console: Qt prints it, and any frame may speak."""

import re
from collections.abc import Callable

import pytest

from support.waiting import wait_for
from window.shown import Shown

pytestmark = [pytest.mark.window, pytest.mark.qt]

EVIL = r"\x1b]0;t\x07\nFORGED a line\r\x9b2J\u2028\u202eFORGED"
SHOWN = r"\x1b]0;t\x07" + "\n  " + r"FORGED a line\r\x9b2J\u2028\u202eFORGED"


def test_what_a_page_says_to_its_console_acts_upon_no_terminal(show: Callable[..., Shown]) -> None:
    shown = show("gui='qt'", f'\'console.error("{EVIL}"); say("spoken")\''.replace("\\", "\\\\"))
    shown.hear("spoken")
    output = shown.home / "demo.out"
    wait_for(lambda: b"FORGED a line" in output.read_bytes(), lambda: shown.script.output)
    said = output.read_bytes().decode()
    assert SHOWN in said
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", said)
    assert not re.search(r"(?m)^FORGED", said)
