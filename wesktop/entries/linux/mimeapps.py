"""The text of ``mimeapps.list``, in which a user's programs are chosen for what is opened.

By the MIME Applications Associations specification 1.0.1. What others have written is kept to the letter.
"""

import itertools
from collections.abc import Iterator

_GROUP = "[Default Applications]"


def with_default(text: str, mime_type: str, entry: str) -> str:
    """Make an entry the default for a type. One that is set stays: it was the user's choice."""
    lines = text.splitlines(keepends=True)
    if (found := _find(lines, mime_type)) is not None:
        if _entries(lines[found]):
            return text
        del lines[found]
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if (start := _group_start(lines)) is None:
        lines += ["\n"] * bool(lines) + [f"{_GROUP}\n"]
        start = len(lines)
    lines.insert(start, f"{mime_type}={entry}\n")
    return "".join(lines)


def without_default(text: str, mime_type: str, entry: str) -> str:
    """Take an entry from the defaults of a type, and the group with its last line."""
    lines = text.splitlines(keepends=True)
    if (found := _find(lines, mime_type)) is None or entry not in (entries := _entries(lines[found])):
        return text
    if rest := [other for other in entries if other != entry]:
        lines[found] = f"{mime_type}={';'.join(rest)}\n"
    else:
        del lines[found]
        _drop_empty_group(lines)
    return "".join(lines)


def default(text: str, mime_type: str) -> str | None:
    """The first default of a type; None where there is none."""
    lines = text.splitlines()
    found = _find(lines, mime_type)
    return next(iter(_entries(lines[found])), None) if found is not None else None


def _group_start(lines: list[str]) -> int | None:
    """Return the index of the group's first line."""
    return next((number for number, line in enumerate(lines, 1) if line.strip() == _GROUP), None)


def _find(lines: list[str], mime_type: str) -> int | None:
    """Return the index of the type's line in the group."""
    if (start := _group_start(lines)) is None:
        return None
    for number, line in enumerate(_until_next_group(lines[start:]), start):
        if line.partition("=")[0].strip() == mime_type and "=" in line:
            return number
    return None


def _entries(line: str) -> list[str]:
    return [entry for entry in line.partition("=")[2].strip().split(";") if entry]


def _drop_empty_group(lines: list[str]) -> None:
    start = _group_start(lines)
    if start is None or any(line.strip() for line in _until_next_group(lines[start:])):
        return
    del lines[start - 1]
    if start >= 2 and not lines[start - 2].strip():  # the blank line that was put before it
        del lines[start - 2]


def _until_next_group(lines: list[str]) -> Iterator[str]:
    return itertools.takewhile(lambda line: not line.lstrip().startswith("["), lines)
