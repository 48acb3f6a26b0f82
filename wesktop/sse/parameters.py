"""Checks of the arguments of a broadcaster and its streams. No I/O."""

from collections.abc import Iterable

PORT_LENGTH = 5  # digits


def names(what: str, values: object) -> frozenset[str]:
    """Return the names in a collection. Raises TypeError for anything else, such as a single str, whose characters
    would be taken for names.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be a collection such as {{'tick'}}, not {values!r}")
    found = frozenset(values)
    for value in found:
        if not isinstance(value, str):
            raise TypeError(f"{what} must contain str, not {value!r} ({type(value).__name__})")
    return found


def without_password(url: str) -> str:
    """Return a URL, well formed or not, for display: without anything that may be a password, wherever it stands."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    rest, asked, query = rest.partition("?")
    if "@" in query or "password" in query.lower():  # redis-py takes one there, too
        query = "***"
    _, at, place = rest.rpartition("@")
    host, colon, port = place.partition(":")
    number = port.partition("/")[0]
    if colon and not (host and number.isdecimal() and (at or len(number) <= PORT_LENGTH)):
        port = "***"  # the rest of the user information, if the host is missing
    return f"{scheme}{mark}{'***@' if at else ''}{host}{colon}{port}{asked}{query}"
