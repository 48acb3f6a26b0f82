"""The guard: ASGI middleware that rejects requests from other sites and unauthenticated clients.

A server on this machine can be reached by every page that its user visits, and by every user of the machine. So a
request has to be for one of the server's own names (which ends DNS rebinding), must not come from another site's page
(which ends cross-site requests and WebSocket hijacking), and, where there is a session, has to be part of it.

It works under any ASGI server: `Guard(app, port=8000)`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from wesktopd.guard.csp import check_csp, whole_policy
from wesktopd.guard.hosts import Hosts, check_allowed_hosts, check_allowed_origins, own_names
from wesktopd.guard.login import Answer, ask_for_session, let_in, refused
from wesktopd.guard.security_headers import WINDOW, SecurityHeaders
from wesktopd.guard.session import SessionCheck
from wesktopd.guard.tokens import OPEN_PATH

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
Headers = Mapping[bytes, bytes]
Redeem = Callable[[str], Awaitable[bool]]

OWN_SITE = (b"same-origin", b"none")
"""`Sec-Fetch-Site` of the server's own pages, and of what the user has opened (W3C Fetch Metadata, 2.3)."""

IN_SESSION = "wesktop.session"
"""Scope key of requests that are part of the session; others do not have it."""

IN_WINDOW = WINDOW.encode()
ONCE = {b"host": 421, b"origin": 403, b"sec-fetch-site": 403}
"""Headers that decide, with the status for a request that has two of one: others might read those differently."""


class Guard:
    """Puts the checks and the security headers round an app.

    name: the app's. port, host: where it listens. allowed_hosts: further values of `Host`, such as "app.example", any
    port of which is meant, or "app.example:8443". allowed_origins: further origins whose pages may ask, such as
    "http://localhost:5173"; what they may read is left to the app's own CORS headers. csp: the
    Content-Security-Policy of HTML, SVG and XML where the app gives none, see `wesktopd.guard.csp`; "" for none.
    session: what shows that a client belongs, None where that is not asked. redeem: whether a one-time token lets
    somebody in.

    Raises ConfigurationError for a host, an origin or a policy that can be none.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        port: int,
        name: str = "",
        host: str = "127.0.0.1",
        allowed_hosts: Sequence[str] = (),
        allowed_origins: Sequence[str] = (),
        csp: str | None = None,
        session: SessionCheck | None = None,
        redeem: Redeem | None = None,
    ) -> None:
        check_allowed_hosts(allowed_hosts)
        check_allowed_origins(allowed_origins)
        check_csp(csp)
        self._app = app
        self._name = name
        self._hosts = Hosts(lambda: own_names(name, host), port, allowed_hosts)
        self._origins = frozenset(origin.encode() for origin in allowed_origins)
        policy = whole_policy(csp)
        self._headers = SecurityHeaders(policy)
        self._window_headers = SecurityHeaders(policy, window=True)
        self._session = session
        self._redeem = redeem

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """See ASGI."""
        await self.dispatch(scope, receive, send)

    def dispatch(self, scope: Scope, receive: Any, send: Any) -> Awaitable[None]:
        """The same, for a server that takes any awaitable: where a request may pass, it is the app's own.

        Other servers see by `async def` that an app speaks version 3 of ASGI.
        """
        if scope["type"] == "lifespan":
            return self._app(scope, receive, send)
        headers = dict(scope["headers"])
        completed = self._window_headers if IN_WINDOW in headers.get(b"user-agent", b"") else self._headers
        if self._is_plain(scope, headers):
            if self._session is not None:
                scope[IN_SESSION] = True
            return self._app(scope, receive, completed.completing(send))
        refusal = self._host_refusal(scope["headers"], headers)
        if refusal is None and self._session is not None and scope["path"] == OPEN_PATH:
            return self._open(self._session, scope, headers, receive, completed.completing(send))
        refusal = refusal or self._site_refusal(scope, headers)
        if refusal is None and self._session is not None:
            if self._session.admits(headers):
                scope[IN_SESSION] = True
            elif not self._is_preflight(scope, headers):
                refusal = ask_for_session(self._name)
        if refusal is None:
            return self._app(scope, receive, completed.completing(send))
        return self._answer(refusal, scope, receive, completed.completing(send))

    def _is_plain(self, scope: Scope, headers: Headers) -> bool:
        """Fast path: return whether the request needs no further checks, as nearly all."""
        return (
            headers.get(b"host") in self._hosts.known
            and len(headers) == len(scope["headers"])
            and b"origin" not in headers
            and headers.get(b"sec-fetch-site", b"none") in OWN_SITE
            and (self._session is None or (self._session.admits(headers) and scope["path"] != OPEN_PATH))
        )

    def _host_refusal(self, raw: Sequence[tuple[bytes, bytes]], headers: Headers) -> Answer | None:
        if len(headers) != len(raw) and (status := _status_of_doubled(raw)):
            return refused(status, "Host, Origin or Sec-Fetch-Site is there twice.")
        host = headers.get(b"host")
        if host in self._hosts.known or (host is not None and self._hosts.knows(host)):
            return None
        if host is None:
            return refused(421, "The request does not say which host it is for.")
        return refused(421, f"This server does not go by {host.decode('latin-1')!a}: allowed_hosts= adds names.")

    def _site_refusal(self, scope: Scope, headers: Headers) -> Answer | None:
        """Browsers send one of the two with all that changes something, and with WebSockets; others are no pages."""
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        if (origin is None and site is None) or origin in self._origins:
            return None
        if origin is not None:
            scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
            if origin != b"%b://%b" % (scheme.encode(), headers[b"host"].lower()):
                return refused(403, f"Pages of {origin.decode('latin-1')!a} may not ask: allowed_origins= adds some.")
        if site is not None and site not in OWN_SITE:
            return refused(403, "Pages of other sites may not ask: open the address by itself.")
        return None

    def _is_preflight(self, scope: Scope, headers: Headers) -> bool:
        """Return whether a page that may ask wants to know what for: that comes without a cookie (Fetch, 4.8)."""
        return (
            scope.get("method") == "OPTIONS"
            and b"access-control-request-method" in headers
            and headers.get(b"origin") in self._origins
        )

    async def _open(self, session: SessionCheck, scope: Scope, headers: Headers, receive: Any, send: Any) -> None:
        """Log in a client with a one-time token, from wherever the link was opened."""
        answer = await let_in(session, self._redeem, scope, headers, self._name)
        await self._answer(answer, scope, receive, send)

    async def _answer(self, answer: Answer, scope: Scope, receive: Any, send: Any) -> None:
        prefix = "http"
        if scope["type"] == "websocket":
            await receive()  # the connect, which must be read before the answer
            if "websocket.http.response" not in (scope.get("extensions") or {}):
                await send({"type": "websocket.close"})  # by which the server answers 403
                return
            prefix = "websocket.http"
        await send({"type": f"{prefix}.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": f"{prefix}.response.body", "body": answer.body})


def _status_of_doubled(raw: Iterable[tuple[bytes, bytes]]) -> int | None:
    seen = set()
    for name, _ in raw:
        if name in seen and name in ONCE:
            return ONCE[name]
        seen.add(name)
    return None
