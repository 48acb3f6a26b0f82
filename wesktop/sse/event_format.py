"""Events as bytes (WHATWG HTML, section 9.2.5). No I/O."""

from typing import Any

from wesktop.asgi import codec

RESET = "reset"
"""The event sent after missed events that are no longer kept."""

POSITION = "wesktop-position"
"""The event that gives a script its position: an ID without data is visible only to the browser."""


def encode_data(data: Any) -> str:
    """Return the text sent for *data*: a str unchanged, anything else as JSON.

    See `codec` for lone surrogates and for what can be encoded. Raises TypeError for a value that cannot.
    """
    if isinstance(data, str):
        return data if data.isascii() else codec.encode_text(data).decode()
    return codec.encode(data).decode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_event_name(name: object, what: str = "event name") -> None:
    """Raise TypeError or ValueError for a name that cannot be sent."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be str, not {name!r} ({type(name).__name__})")
    if not name or not {"\r", "\n", "\0"}.isdisjoint(name) or not _is_utf8(name):
        raise ValueError(f"{what} must be one non-empty line of UTF-8, not {name!r}: remove CR, LF and NUL")


def check_group(name: object) -> None:
    """Raise TypeError or ValueError unless it is a group's name, or None for all."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"group must be str, not {name!r} ({type(name).__name__})")
    if name is not None and not _is_utf8(name):
        raise ValueError(f"group must be encodable as UTF-8, not {name!r}")


def format_event(event: str, data: str, id_: str = "") -> bytes:
    """Return an event as bytes; CR, LF and CRLF in *data* each start a new data line."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\ndata: ")
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: {lines}\n\n".encode()


def format_greeting(retry: int) -> bytes:
    """Return the start of a stream, sent immediately: a proxy may hold back the headers, and `open`, until a byte.

    retry: milliseconds after which a disconnected page reconnects. A position follows.
    """
    return f": connected\nretry: {retry}\n".encode()


KEEP_ALIVE = b": keep-alive\n"
"""Sent when there are no events; a position follows, as events that the page filters out have passed."""


def format_position(id_: str, *, as_event: bool = False) -> bytes:
    """Return the page's position; without data, so that no event is dispatched, unless *as_event*."""
    return format_event(POSITION, "", id_) if as_event else f"id: {id_}\n\n".encode()


def format_farewell(retry: int) -> bytes:
    """Return the end of a stream that the server ends: reconnect soon, to another server."""
    return f": going away\nretry: {retry}\n\n".encode()
