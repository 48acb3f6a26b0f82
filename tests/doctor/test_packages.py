"""Versions and requirements, as far as ours go."""

import importlib.metadata

import pytest

from wesktop.doctor.python import EXTRAS, loading_errors, requirement, satisfies


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("granian[uvloop]<2.9,>=2.8.7", ("granian", "<2.9,>=2.8.7")),
        ("msgspec>=0.21", ("msgspec", ">=0.21")),
        ("psutil (>=5.9)", ("psutil", ">=5.9")),
        ("click", ("click", "")),
        ("rich>=13; extra == 'top'", None),
        ("", None),
    ],
)
def test_requirements_are_read(text: str, found: tuple[str, str] | None) -> None:
    assert requirement(text) == found


@pytest.mark.parametrize(
    ("version", "constraint", "fits"),
    [
        ("2.8.7", "<2.9,>=2.8.7", True),
        ("2.8.10", "<2.9,>=2.8.7", True),
        ("2.9", "<2.9,>=2.8.7", False),
        ("2.9.0", "<2.9", False),
        ("2.8.6", ">=2.8.7", False),
        ("6", ">=6.0", True),
        ("6.0", "==6", True),
        ("6.1", "!=6.1", False),
        ("6.1", "<=6", False),
        ("7", ">6", True),
        ("1.0rc1", ">=1.0", True),
        ("whatever", "", True),
        ("10", ">=9", True),
        ("1.0", "~=1.0", True),
    ],
)
def test_versions_are_held_against_their_bounds(version: str, constraint: str, fits: bool) -> None:
    assert satisfies(version, constraint) == fits


def test_what_is_declared_is_what_is_looked_at() -> None:
    """Each requirement of ours is of the form that is understood."""
    stated = [text for text in importlib.metadata.requires("wesktop") or [] if "extra" not in text]
    assert all(requirement(text) for text in stated)
    names = [found[0] for text in stated if (found := requirement(text))]
    assert loading_errors(names) == {}


def test_every_extra_is_looked_at() -> None:
    """But for Qt, which has findings of its own."""
    assert {*EXTRAS} == {*importlib.metadata.metadata("wesktop").get_all("Provides-Extra", [])} - {"qt"}
