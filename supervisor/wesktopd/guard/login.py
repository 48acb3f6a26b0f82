"""Responses of the guard itself: a login by a one-time token, a page that says how to open the program, a refusal."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wesktopd.guard.local_path import local_path
from wesktopd.guard.session import SessionCheck

TEXT, HTML = b"text/plain; charset=utf-8", b"text/html; charset=utf-8"
MAX_QUERY = 4096

BOUNCE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Opening</title>\
<meta http-equiv="refresh" content="0; url={path}"><p><a href="{path}">Continue</a></p></html>
"""

LOCKED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not open here</title>\
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><style>\
body{{font:16px/1.6 system-ui,sans-serif;max-width:36em;margin:18vh auto;padding:0 1.5em}}\
code{{background:#8882;padding:.2em .4em;border-radius:4px}}</style>
<h1>This program is not open here</h1>
<p>Its pages are for its own window. Open that by starting the program, or have it opened in this browser by</p>
<p><code>wesktop ctl open {name} --browser</code></p></html>
"""


@dataclass(frozen=True)
class Answer:
    """An answer, whole."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


def _answer(status: int, body: str, kind: bytes, *more: tuple[bytes, bytes]) -> Answer:
    data = body.encode()
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(data)), (b"cache-control", b"no-store")]
    return Answer(status, data, [*headers, *more])


def refused(status: int, text: str) -> Answer:
    """A refusal, in a sentence."""
    return _answer(status, f"{text}\n", TEXT)


def ask_for_session(name: str) -> Answer:
    """Return the response to unauthenticated clients: how to open the program."""
    from html import escape  # late: a worker that is being started has other things to load

    # The challenge is RFC 9110's to ask for (15.5.2); no browser opens a dialogue for this scheme.
    return _answer(401, LOCKED.format(name=escape(name or "NAME")), HTML, (b"www-authenticate", b"Bearer"))


async def let_in(
    session: SessionCheck,
    redeem: Callable[[str], Awaitable[bool]] | None,
    scope: Mapping[str, Any],
    headers: Mapping[bytes, bytes],
    name: str,
) -> Answer:
    """Exchange the one-time token of a link for the session's cookie, and lead on to where the link does."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return _answer(405, "A link is opened by GET.\n", TEXT, (b"allow", b"GET"))
    token, path = token_and_path(scope["query_string"])
    more = [(b"referrer-policy", b"no-referrer")]  # the token is in the address
    foreign = headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site")
    if token and redeem is not None and await redeem(token):
        more.append((b"set-cookie", session.set_cookie))
    elif foreign or not session.admits(headers):  # a page of another port has the cookie, but is not to be led in
        return ask_for_session(name)
    if foreign:
        from html import escape

        # As from a file. What another site's page is redirected to comes without the cookie (RFC 6265bis, 5.2), what
        # a page of ours leads to has it. By an immediate refresh, the address does not stay in the history.
        return _answer(200, BOUNCE.format(path=escape(path)), HTML, *more)
    return _answer(303, "", TEXT, (b"location", path.encode()), *more)


def token_and_path(query: bytes) -> tuple[str, str]:
    """The one-time token of a link, and where it leads: a path of this server's, else "/"."""
    from urllib.parse import parse_qs

    fields = parse_qs(query.decode("latin-1")) if len(query) <= MAX_QUERY else {}
    return fields.get("token", [""])[0], local_path(fields.get("to", ["/"])[0])
