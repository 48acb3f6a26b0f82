"""What a broadcaster and its streams are given, looked at before it is used. No I/O."""

from collections.abc import Iterable


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
