"""Header fields: validation and encoding before they reach the server (RFC 9110, section 5)."""

import string
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from wesktop.asgi.types import Scope

Headers = Mapping[str, str] | Sequence[tuple[str, str]]
"""Header fields as a mapping, or as pairs where one name occurs more than once (Set-Cookie)."""

RawHeaders = list[tuple[bytes, bytes]]

TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
"""The characters of a method or a field name (RFC 9110, section 5.6.2)."""

# RFC 9110, section 5.5, forbids CR, LF and NUL; servers refuse the other control characters but the tab too.
_CONTROLS = bytes(set(range(0x20)) - {0x09}) + b"\x7f"

# The body determines the framing and the constructor's parameter the type; given twice they could contradict.
_RESERVED = frozenset({b"content-length", b"content-type", b"transfer-encoding"})

_HAS_NO_CHARSET = "text/event-stream"  # always UTF-8: WHATWG HTML, section 9.2.5


def is_token(text: str) -> bool:
    """Return True if *text* is a token, as a method or a field name must be."""
    return bool(text) and TOKEN.issuperset(text)


def header_values(scope: Scope, name: bytes) -> list[bytes]:
    """Return the values of all lines of the request's header *name* (lower case)."""
    return [value for key, value in scope["headers"] if key == name]


def encode_headers(headers: Headers | None) -> RawHeaders:
    """Check *headers* and encode them for ASGI: lower-case names, latin-1 values.

    Raises ValueError for a name that is not a token, for a value with control characters or characters outside
    latin-1, and for Content-Length, Content-Type and Transfer-Encoding, which are the response's own; TypeError for
    anything but a mapping or pairs.
    """
    if not headers:
        return []
    pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        raise TypeError(
            f"headers must be a dict or a list of pairs, not {headers!r}: give some such as {{'X-A': 'b'}}"
        )
    return [_encode(name, value) for name, value in pairs]


def _encode(name: str, value: str) -> tuple[bytes, bytes]:
    if not isinstance(name, str) or not isinstance(value, str):
        raise ValueError(f"header {name!r} has a value of type {type(value).__name__}: give both as str")
    if not is_token(name):
        raise ValueError(f"header name must be a token, not {name!r}: use letters, digits and hyphens")
    raw_name = name.lower().encode("ascii")
    if raw_name in _RESERVED:
        raise ValueError(f"header {name!r} is set by the response itself: leave it out of headers")
    return raw_name, _encode_value(name, value)


def _encode_value(name: str, value: str) -> bytes:
    # The message, which goes into a log, leaves the value out: it may be a secret with a trailing newline.
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError as error:
        wrong = value[error.start]
        raise ValueError(f"header {name!r} has {wrong!r} in its value: percent-encode what is not latin-1") from None
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        wrong = next(char for char in value if ord(char) in _CONTROLS)
        raise ValueError(f"header {name!r} has {wrong!r} in its value: remove the control characters")
    return raw


@lru_cache(maxsize=128)
def content_type_header(content_type: str) -> tuple[bytes, bytes]:
    """Return the Content-Type field for *content_type*; text types without a charset are declared UTF-8.

    Raises ValueError for a value that no header may have.
    """
    essence, _, parameters = content_type.lower().partition(";")
    if essence.startswith("text/") and "charset=" not in parameters and essence.strip() != _HAS_NO_CHARSET:
        content_type += "; charset=utf-8"
    return b"content-type", _encode_value("Content-Type", content_type)
