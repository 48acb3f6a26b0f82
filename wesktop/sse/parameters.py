"""What a broadcaster and its streams are given, looked at before it is used. No I/O."""

import re
from collections.abc import Iterable

_SECRETS = (
    (re.compile(r"^(\w+://)?.*@", re.DOTALL), r"\1***@"),  # who connects: a password may have an "@" or a "/" in it
    (re.compile(r":(?!//|[0-9]+(?:[/?]|$)).*", re.DOTALL), ":***"),  # what is no port, where the host was forgotten
    (re.compile(r"(password=)[^&]*"), r"\1***"),  # redis-py takes it in the query too
)


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


def without_password(url: str) -> str:
    """A URL, well formed or not, as it may be shown: without what may be a password, wherever somebody has put it."""
    for pattern, shown in _SECRETS:
        url = pattern.sub(shown, url)
    return url
