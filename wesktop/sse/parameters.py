"""What a broadcaster and its streams are given, looked at before it is used. No I/O."""

from collections.abc import Iterable
from math import inf


def check_number(what: str, value: object, *, fraction: bool = False) -> None:
    """Refuse what is no number from zero on, of whole ones unless *fraction*; raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float if fraction else int):
        raise TypeError(f"{what} {value!r} is of type {type(value).__name__}, not {'float' if fraction else 'int'}")
    if not 0 <= value < inf:
        raise ValueError(f"{what} {value!r} is out of range: give a number from zero on")


def names(what: str, values: object) -> frozenset[str]:
    """The names in a collection. Raises TypeError for anything else, such as one that stands alone: "tick" is none of
    "t", "i", "c" and "k".
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{what} {values!r} is no collection: give one such as {{'tick'}}")
    found = frozenset(values)
    for value in found:
        if not isinstance(value, str):
            raise TypeError(f"{what} has {value!r} in it, which is of type {type(value).__name__}, not str")
    return found
