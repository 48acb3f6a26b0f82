"""The headers that every answer has, unless the app sets its own."""

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

Header = tuple[bytes, bytes]
Send = Callable[[Any], Awaitable[None]]

OPENER = b"cross-origin-opener-policy"
WINDOW = "wesktop-window"
"""The mark in `User-Agent` of the app's own window on GTK. It shows nothing else, so no opener has to be kept away;
and for that header WebKit would begin another process: 100 ms of each start (measured).
"""

HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (OPENER, b"same-origin"),
)
_DOCUMENT = re.compile(rb"html|xml|xsl", re.IGNORECASE)
STARTS = ("http.response.start", "websocket.http.response.start")
POLICY = b"content-security-policy"
NAMES = frozenset([POLICY, *(name for name, _ in HEADERS)])


class SecurityHeaders:
    """Completes answers.

    csp: the Content-Security-Policy of documents, "" for none. window: whether they go to the app's window.
    """

    def __init__(self, csp: str, *, window: bool = False) -> None:
        self._all = tuple([header for header in HEADERS if header[0] != OPENER]) if window else HEADERS
        self._document = (*self._all, (POLICY, csp.encode("ascii"))) if csp else self._all

    def completing(self, send: Send) -> Send:
        """Return a `send` that completes the app's responses."""

        def send_completed(message: Any) -> Awaitable[None]:
            if message["type"] in STARTS:
                message = dict(message)
                message["headers"] = self.completed(message.get("headers", ()))
            return send(message)

        return send_completed

    def completed(self, headers: Iterable[Header]) -> list[Header]:
        """The headers, and those that are missing; names are in lower case, as ASGI has them."""
        found = [*headers]
        more = self._all
        given = False
        for name, value in found:
            if name == b"content-type":
                if is_document(value):
                    more = self._document
            elif name in NAMES:
                given = True
        if given:
            own = dict(found)
            more = tuple([header for header in more if header[0] not in own])
        found += more
        return found


@lru_cache(maxsize=256)
def is_document(content_type: bytes) -> bool:
    """Return whether browsers run scripts in this type: HTML, XHTML, SVG, any XML (WHATWG MIME Sniffing, 4.6), XSL.

    What has one of these names in it anywhere counts: of a list of types, browsers take one of their choice.
    """
    return _DOCUMENT.search(content_type) is not None
