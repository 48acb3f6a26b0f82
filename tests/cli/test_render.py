"""What is shown in a terminal: sizes, durations, tables, foreign text."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wesktop.cli.render import BARS, duration, one_line, size, sparkline, table

texts = st.text(st.characters(codec=None, categories=None))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h"), (172800, "2.0 d")],
)
def test_a_duration_is_said_in_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, "-"), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (50593792, "48.2 MiB"), (2**52, "4096.0 TiB")],
)
def test_a_size_is_said_in_the_unit_that_suits_it(amount: int | None, text: str) -> None:
    assert size(amount) == text


@given(texts)
def test_text_for_a_table_is_on_one_line_and_moves_no_cursor(text: str) -> None:
    shown = one_line(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\n  b\r\nc", "a b c"), ("two  blanks", "two  blanks"), ("\x1b[31mred\x1b[0m", "red"), ("", "")],
)
def test_text_for_a_table_is_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_columns_are_aligned_whatever_their_colour_and_nothing_is_cut() -> None:
    long = "x" * 200
    rows = [(click.style("a", fg="red"), "1", "last"), ("longer", click.style("1000", bold=True), long)]
    lines = [click.unstyle(line) for line in table(("NAME", "N", "TEXT"), rows, right=("N",))]
    assert lines == ["NAME       N  TEXT", "a          1  last", f"longer  1000  {long}"]


@pytest.mark.parametrize(
    ("values", "width", "top", "curve"),
    [
        ([], 4, 100, "    "),
        ([0, 100], 4, 100, f"  {BARS[0]}{BARS[-1]}"),
        ([1, 2, 3, 4, 5], 2, 5, "▇█"),
        ([0, 0], 2, 0, f"{BARS[0]}{BARS[0]}"),
        ([250], 1, 100, BARS[-1]),
    ],
)
def test_a_curve_shows_the_last_values_at_the_right(values: list[float], width: int, top: float, curve: str) -> None:
    assert sparkline(values, width, top) == curve
