"""Range requests: parsing the requested part of a representation (RFC 9110, section 14).

A single range is served; several at once are answered with the whole, as the RFC allows, so that a short request
cannot cause a file to be sent many times over.
"""

import re

# More digits than int() takes are no position in any file.
_SINGLE = re.compile(r"bytes=[ \t]*([0-9]{0,4000})-([0-9]{0,4000})[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):  # noqa: N818  it is an answer, 416
    """The range is well-formed, but outside the representation."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the (start, stop) of a Range header for *size* bytes; None if it is to be ignored.

    That is for other units, several ranges, and what is malformed (section 14.2). Raises Unsatisfiable.
    """
    found = _SINGLE.fullmatch(header)
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        return _suffix(last, size) if last else None
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(int(last) + 1, size) if last else size


def _suffix(length: str, size: int) -> tuple[int, int]:
    if not int(length) or not size:
        raise Unsatisfiable
    return max(0, size - int(length)), size
