"""docs/control-protocol.md: every message and field is on the page, and its example runs."""

import re
import typing
from pathlib import Path

import pytest

from support.running import NAME, Start
from wesktopd.wire import control_messages
from wesktopd.wire.message import Message

PAGE = (Path(__file__).parents[3] / "docs" / "control-protocol.md").read_text()
COMMAND_LINE = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text()
MESSAGES = [*typing.get_args(control_messages.Request), *typing.get_args(control_messages.Answer)]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_every_message_has_a_row_with_all_of_its_fields(message: type[Message]) -> None:
    rows = re.findall(rf"^\| `{message.__name__.lower()}` \|.*$", PAGE, re.MULTILINE)
    assert rows
    fields = set(message.__struct_fields__) - {"id"}
    written = set(re.findall(r"`(\w+)`", " ".join(rows)))
    if message is control_messages.Report:
        written |= set(re.findall(r"`(\w+)`", COMMAND_LINE))
    assert fields <= written


def test_no_message_is_on_the_page_that_there_is_not() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) - {"kind"}
    assert rows - {"type"} == {message.__name__.lower() for message in MESSAGES}


def test_the_limits_on_the_page_are_the_real_ones() -> None:
    from wesktopd.control.server import MAX_CONNECTIONS
    from wesktopd.control.server_connection import GREETING_TIMEOUT, IDLE_TIMEOUT, MAX_REQUESTS
    from wesktopd.control.windows import KEPT_FOR, OPENS_WITHIN
    from wesktopd.wire.greeting import MAX_LINE

    assert f"at most {control_messages.MAX_FRAME:,} bytes" in PAGE
    assert f"is closed {IDLE_TIMEOUT:.0f} seconds after its last whole frame. There may be {MAX_CONNECTIONS};" in PAGE
    assert f"line of more than {MAX_LINE} bytes, and after {GREETING_TIMEOUT:.0f} seconds" in PAGE
    assert f"At most {MAX_REQUESTS} requests" in PAGE
    assert f"where there is none, for {KEPT_FOR:.0f} seconds" in PAGE
    assert f"is about to open a window: for {OPENS_WITHIN:.0f} seconds" in PAGE


def test_the_example_restarts_an_app(start_app: Start, capsys: pytest.CaptureFixture[str], home: Path) -> None:
    app = start_app()
    example = PAGE.split("```python\n")[1].split("```")[0].replace("pulse.sock", f"{NAME}.sock")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
        exec(compile(example, "example", "exec"), {})
    assert capsys.readouterr().out == "generation 2 serves\n"
    assert app.settled()["generation"] == 2
