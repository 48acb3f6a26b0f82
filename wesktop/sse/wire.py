"""Events as bytes (WHATWG HTML, section 9.2.5). No I/O."""

from typing import Any

from wesktop.asgi import codec

RESET = "reset"
"""The event that says that some were missed, and are no longer kept."""


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


def check_event_name(name: str) -> None:
    """Refuse a name that cannot be sent; raises ValueError."""
    if not name or not {"\r", "\n", "\0"}.isdisjoint(name) or not _is_utf8(name):
        raise ValueError(f"event name {name!r} must be one line of UTF-8 and not empty: remove CR, LF and NUL")


def check_group(name: object) -> None:
    """Refuse what is no group's name, which None, for all, is; raises TypeError or ValueError."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"group {name!r} is of type {type(name).__name__}, not str")
    if name is not None and not _is_utf8(name):
        raise ValueError(f"group {name!r} is not UTF-8")


def format_event(event: str, data: str, id_: str = "") -> bytes:
    """One event; *data* may have any of the line ends CR, LF and CRLF, each of which begins a line of its own."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\ndata: ")
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: {lines}\n\n".encode()


def format_greeting(id_: str, retry: int) -> bytes:
    """What a stream begins with: at once, as a proxy may hold the headers, and with them `open`, until a byte comes.

    id_: where the page is; without data it is no event. retry: milliseconds until it comes back when it is cut off.
    """
    return f": connected\nretry: {retry}\nid: {id_}\n\n".encode()


def format_keep_alive(id_: str) -> bytes:
    """What is sent when there is nothing to say; with where the page is, as what it does not want has gone by."""
    return f": keep-alive\nid: {id_}\n\n".encode()


def format_farewell(retry: int) -> bytes:
    """What a stream ends with where the server ends it: come back soon, to another that goes on."""
    return f": going away\nretry: {retry}\n\n".encode()
