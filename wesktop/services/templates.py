"""The templates in `systemd/` and `launchd/`, and how they are filled in.

A place is a word in capitals between two @. A line whose place has no value is left out, with the comment right above
it; one whose place has several is written for each. What is put in is not looked through for places again.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = str | Sequence[str] | None

_PLACE = re.compile(r"@([A-Z_]+)@")
_SHIPPED = Path(__file__).with_name("templates")  # where a wheel has them, see pyproject.toml
_CHECKOUT = Path(__file__).parents[2]


def template(path: str) -> bytes:
    """A template, by its path in the project. Raises OSError where it is missing."""
    shipped = _SHIPPED / path
    return (shipped if shipped.exists() else _CHECKOUT / path).read_bytes()


def fill(text: str, values: Mapping[str, Value]) -> str:
    """The template's text with its places filled. Raises KeyError for a place that has not been thought of."""
    lines: list[str] = []
    for line in text.splitlines():
        filled = _line(line, values)
        while filled is None and lines and lines[-1].startswith("#"):
            lines.pop()
        lines += filled or ()
    return "\n".join([*lines, ""])


def _line(line: str, values: Mapping[str, Value]) -> list[str] | None:
    found = {name: values[name] for name in _PLACE.findall(line)}
    if any(value is None for value in found.values()):
        return None
    for name, value in found.items():
        if value is not None and not isinstance(value, str):
            return [line.replace(f"@{name}@", one) for one in value]
    return [_PLACE.sub(lambda match: str(found[match[1]]), line)]
