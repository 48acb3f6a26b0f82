"""Checks of the arguments given to the parts of an app. No I/O."""

from math import inf
from typing import Any

MAX_SHOWN = 100
"""Characters of a value shown in an error message: the value may be a whole page."""


def check_type(what: str, value: object, *kinds: type, remedy: str = "") -> None:
    """Raise TypeError unless *value* is of one of these types. A bool does not count as an int."""
    is_number = int in kinds and hasattr(type(value), "__index__")  # integers of other libraries, such as numpy's
    if not (isinstance(value, kinds) or is_number) or isinstance(value, bool):
        wanted = " or ".join(kind.__name__ for kind in kinds).replace(" or ", ", ", len(kinds) - 2)
        raise TypeError(
            f"{what} must be {wanted}, not {_shown(value)} ({type(value).__name__}){remedy and ': '}{remedy}"
        )


def check_flag(what: str, value: object) -> None:
    """Raise TypeError unless *value* is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be True or False, not {_shown(value)}")


def check_number(what: str, value: Any, *, fraction: bool = False) -> None:
    """Raise TypeError or ValueError unless *value* is zero or more: an int, or with *fraction* a float."""
    check_type(what, value, *((float, int) if fraction else (int,)))
    if not 0 <= value < inf:
        raise ValueError(f"{what} must be zero or more, and finite, not {value!r}")


def as_bytes(what: str, data: Any, remedy: str) -> bytes:
    """Return a bytes-like object as bytes; raise TypeError, with the remedy, for anything else."""
    check_type(what, data, bytes, bytearray, memoryview, remedy=remedy)
    return bytes(data)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
