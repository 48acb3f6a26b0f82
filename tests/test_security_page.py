"""SECURITY.md promises nothing that no test attacks."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def named() -> list[tuple[str, str]]:
    """Each test that the table of attacks names: its file below tests/, and its function, "" for all of the file."""
    found, last = [], ""
    for row in re.findall(r"^\|.*\|.*\|(.*)\|$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE):
        for reference in re.findall(r"`([\w/]*(?:\.py)?(?:::\w+)?)`", row):
            file, _, function = reference.partition("::")
            last = file or last
            if last.endswith(".py"):
                found.append((last, function))
    return found


def test_the_table_of_attacks_is_there() -> None:
    assert len(named()) > 40


@pytest.mark.parametrize(("file", "function"), named())
def test_each_attack_has_its_test(file: str, function: str) -> None:
    text = (ROOT / "tests" / file).read_text()
    assert function == "" or re.search(rf"^(async )?def {function}\(", text, re.MULTILINE)
