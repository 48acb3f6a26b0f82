"""The templates in `systemd/` and `launchd/`, and how they are filled in.

A placeholder is a word in capitals between two @. A line whose placeholder is None is omitted, with the comment right
above it; a line with a list of values is repeated for each. Inserted values are not searched for placeholders.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = str | Sequence[str] | None

_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")
_SHIPPED = Path(__file__).with_name("templates")  # in a wheel, see pyproject.toml
_CHECKOUT = Path(__file__).parents[2]


def template(path: str) -> bytes:
    """Return a template, by its path in the project. Raises OSError if it is missing."""
    shipped = _SHIPPED / path
    return (shipped if shipped.exists() else _CHECKOUT / path).read_bytes()


def fill(text: str, values: Mapping[str, Value]) -> str:
    """Return the filled-in template. Raises KeyError for a placeholder without a value."""
    lines: list[str] = []
    for line in text.splitlines():
        filled = _line(line, values)
        while filled is None and lines and lines[-1].startswith("#"):
            lines.pop()
        lines += filled or ()
    return "\n".join([*lines, ""])


def _line(line: str, values: Mapping[str, Value]) -> list[str] | None:
    found = {name: values[name] for name in _PLACEHOLDER.findall(line)}
    if any(value is None for value in found.values()):
        return None
    for name, value in found.items():
        if value is not None and not isinstance(value, str):
            return [line.replace(f"@{name}@", one) for one in value]
    return [_PLACEHOLDER.sub(lambda match: str(found[match[1]]), line)]
