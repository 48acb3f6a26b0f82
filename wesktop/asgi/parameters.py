"""What the parts of an app are given, looked at before it is used. No I/O."""

from math import inf
from typing import Any

MAX_SHOWN = 100
"""Characters of a value that a refusal shows: it may be a whole page."""


def check_type(what: str, value: object, *kinds: type, remedy: str = "") -> None:
    """Refuse what is of none of these types; raises TypeError. To Python True is an int, to a person it is none."""
    is_number = int in kinds and hasattr(type(value), "__index__")  # others' whole numbers, such as numpy's
    if not (isinstance(value, kinds) or is_number) or isinstance(value, bool):
        wanted = " or ".join(kind.__name__ for kind in kinds).replace(" or ", ", ", len(kinds) - 2)
        raise TypeError(
            f"{what} {_shown(value)} is of type {type(value).__name__}, not {wanted}{remedy and ': '}{remedy}"
        )


def check_flag(what: str, value: object) -> None:
    """Refuse what is neither True nor False; raises TypeError."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} {_shown(value)} is neither True nor False")


def check_number(what: str, value: Any, *, fraction: bool = False) -> None:
    """Refuse what is no number from zero on, of whole ones unless *fraction*; raises TypeError or ValueError."""
    check_type(what, value, *((float, int) if fraction else (int,)))
    if not 0 <= value < inf:
        raise ValueError(f"{what} {value!r} is out of range: give a number from zero on")


def as_bytes(what: str, data: Any, remedy: str) -> bytes:
    """What is like bytes as the bytes that a server sends; raises TypeError, with the remedy, for anything else."""
    check_type(what, data, bytes, bytearray, memoryview, remedy=remedy)
    return bytes(data)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
