"""A version of a file, and the selection of what a request is sent of it. No I/O.

The order is that of RFC 9110, section 13.2.2: If-Match, else If-Unmodified-Since; If-None-Match, else
If-Modified-Since; then Range, if If-Range holds.
"""

from typing import NamedTuple

from wesktop.asgi.http.conditional import is_current, is_same, may_be_sent
from wesktop.asgi.http.headers import RawHeaders, header_values
from wesktop.asgi.http.ranges import Unsatisfiable, parse_range
from wesktop.asgi.types import Scope

_SELECTING = frozenset({b"if-match", b"if-unmodified-since", b"if-none-match", b"if-modified-since", b"range"})


class Representation(NamedTuple):
    """size: in bytes; modified: seconds since 1970. content_type: its header; headers: all others, validators too."""

    size: int
    etag: str
    modified: float
    content_type: tuple[bytes, bytes]
    headers: RawHeaders


class SelectedResponse(NamedTuple):
    """The response to send: status, headers, and the bytes from *start* to *stop*."""

    status: int
    headers: RawHeaders
    start: int
    stop: int


def whole(found: Representation, status: int = 200) -> SelectedResponse:
    """Return the response with the whole file."""
    length = (b"content-length", b"%d" % found.size)
    return SelectedResponse(status, [found.content_type, length, *found.headers], 0, found.size)


def is_selective(scope: Scope) -> bool:
    """Return True if a request is conditional or for a range."""
    return not _SELECTING.isdisjoint([name for name, _ in scope["headers"]])


def select(found: Representation, scope: Scope) -> SelectedResponse:
    """Return the response to a GET or HEAD: whole (200), not modified (304), range (206), or an error (412, 416)."""
    if not is_selective(scope):
        return whole(found)
    if not may_be_sent(scope, found.etag, found.modified):
        return SelectedResponse(412, [(b"content-length", b"0"), *found.headers], 0, 0)
    if is_current(scope, found.etag, found.modified):
        return SelectedResponse(304, found.headers, 0, 0)
    ranges = header_values(scope, b"range")
    if scope["method"] != "GET" or len(ranges) != 1 or not is_same(scope, found.etag, found.modified):
        return whole(found)
    try:
        asked = parse_range(ranges[0].decode("latin-1"), found.size)
    except Unsatisfiable:
        nothing = [(b"content-range", b"bytes */%d" % found.size), (b"content-length", b"0")]
        return SelectedResponse(416, [*nothing, *found.headers], 0, 0)
    if asked is None:
        return whole(found)
    start, stop = asked
    range_headers = [
        found.content_type,
        (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, found.size)),
        (b"content-length", b"%d" % (stop - start)),
    ]
    return SelectedResponse(206, [*range_headers, *found.headers], start, stop)
