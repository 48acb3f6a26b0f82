"""Events as bytes (WHATWG HTML, section 9.2.5). No I/O."""

from typing import Any

from wesktop.asgi import codec

RESET = "reset"
"""The event that says that some were missed, and are no longer kept."""

POSITION = "wesktop-position"
"""The event that tells a script where it is: the ID of what has no data is known to the browser alone."""


def encode_data(data: Any) -> str:
    """What is sent of *data*: a str as it is, anything else as JSON.

    A lone surrogate, which UTF-8 cannot have, becomes U+FFFD; NaN and the infinities become null, as msgspec has it.
    Raises TypeError or ValueError when it cannot be encoded.
    """
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not _is_utf8(data) else data
    return codec.encode(data).decode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_event_name(name: object, what: str = "event name") -> None:
    """Refuse a name that cannot be sent; raises TypeError or ValueError."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be str, not {name!r} ({type(name).__name__})")
    if not name or not {"\r", "\n", "\0"}.isdisjoint(name) or not _is_utf8(name):
        raise ValueError(f"{what} must be one non-empty line of UTF-8, not {name!r}: remove CR, LF and NUL")


def check_group(name: object) -> None:
    """Refuse what is no group's name, which None, for all, is; raises TypeError or ValueError."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"group must be str, not {name!r} ({type(name).__name__})")
    if name is not None and not _is_utf8(name):
        raise ValueError(f"group must be encodable as UTF-8, not {name!r}")


def format_event(event: str, data: str, id_: str = "") -> bytes:
    """One event; *data* may have any of the line ends CR, LF and CRLF, each of which begins a line of its own."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\ndata: ")
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: {lines}\n\n".encode()


def format_greeting(retry: int) -> bytes:
    """What a stream begins with: at once, as a proxy may hold the headers, and with them `open`, until a byte comes.

    retry: milliseconds until the page comes back when it is cut off. A position follows.
    """
    return f": connected\nretry: {retry}\n".encode()


KEEP_ALIVE = b": keep-alive\n"
"""What is sent when there is nothing to say; a position follows, as what the page does not want has gone by."""


def format_position(id_: str, *, as_event: bool = False) -> bytes:
    """Where the page is: without data it is no event, unless that is asked for."""
    return format_event(POSITION, "", id_) if as_event else f"id: {id_}\n\n".encode()


def format_farewell(retry: int) -> bytes:
    """What a stream ends with where the server ends it: come back soon, to another that goes on."""
    return f": going away\nretry: {retry}\n\n".encode()
