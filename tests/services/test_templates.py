"""How templates are filled."""

import pytest

from wesktop.services.templates import Value, fill


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("a=@A@\n", {"A": "1"}, "a=1\n"),
        ("a=@A@ @B@\n", {"A": "1", "B": "2"}, "a=1 2\n"),
        ("a=@A@\nb\n", {"A": None}, "b\n"),
        ("# why\n# and how\na=@A@\nb\n", {"A": None}, "b\n"),
        ("# why\n\na=@A@\nb\n", {"A": None}, "# why\n\nb\n"),
        ("a=@A@\n", {"A": ["1", "2"]}, "a=1\na=2\n"),
        ("# why\na=@A@\n", {"A": []}, "# why\n"),
        ("a=@A@\n", {"A": ""}, "a=\n"),
        ("a=@A@\n", {"A": "@B@", "B": "no"}, "a=@B@\n"),
        ("a=@A@\n", {"A": ["@B@", "@A@"], "B": "no"}, "a=@B@\na=@A@\n"),
        ("a@b.example and @lower@\n", {}, "a@b.example and @lower@\n"),
    ],
)
def test_places_are_filled_once(text: str, values: dict[str, Value], filled: str) -> None:
    assert fill(text, values) == filled


def test_a_place_that_nobody_thought_of_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("a=@A@\n", {})
