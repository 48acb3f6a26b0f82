"""What the window shows when there is no page."""

import json

import pytest

from wesktop.window.page.splash import HIDE, is_light, show_note, splash


@pytest.mark.parametrize(
    ("background", "light"),
    [
        ("#ffffff", True),
        ("#000000", False),
        ("#1e2227", False),
        ("#ffff00", True),
        ("#0000ff", False),
        ("#00ff00", True),
    ],
)
def test_the_sign_of_life_is_readable_on_the_background(background: str, light: bool) -> None:
    assert is_light(background) is light
    page = splash(background)
    assert f"background:{background}" in page
    assert f"border:2px solid {'#000' if light else '#fff'}" in page


@pytest.mark.parametrize(
    "text", ["plain", 'with "quotes"', "back\\slash", "a\nline", "Reconnecting\N{HORIZONTAL ELLIPSIS}"]
)
def test_a_note_s_text_is_a_string_in_javascript(text: str) -> None:
    assert f"note.textContent = {json.dumps(text)};" in show_note(text)


def test_a_note_is_taken_away_by_the_id_that_it_was_given() -> None:
    assert 'note.id = "wesktop-note"' in show_note("away")
    assert 'getElementById("wesktop-note")' in HIDE
