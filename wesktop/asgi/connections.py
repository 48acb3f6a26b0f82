"""The common base of requests and WebSocket connections."""

from collections.abc import Callable
from typing import Any, TypeVar, overload
from urllib.parse import parse_qsl, quote

from wesktop.asgi.types import Scope

T = TypeVar("T")

_BOOLEANS = {
    "true": True, "1": True, "yes": True, "on": True,
    "false": False, "0": False, "no": False, "off": False,
}  # fmt: skip


class Connection:
    """An ASGI scope and what the route's pattern made of the path; each part is read when first asked for."""

    scope: Scope
    path_params: dict[str, Any]

    # On the class, so that what is never asked for costs nothing.
    _query: dict[str, list[str]] | None = None
    _headers: dict[str, str] | None = None
    _cookies: dict[str, str] | None = None

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query."""
        path: str = self.scope["path"]
        return path

    @property
    def url(self) -> str:
        """The whole URL, with the host of the client's Host header."""
        scope = self.scope
        raw_path = scope.get("raw_path") or url_quote(scope["path"]).encode("ascii")
        query = scope.get("query_string", b"")
        host = self.header("host")
        if host is None:
            host = ":".join(map(str, scope.get("server") or ("localhost",)))
        return (
            f"{scope['scheme']}://{host}{raw_path.decode('latin-1')}{'?' if query else ''}{query.decode('latin-1')}"
        )

    @property
    def client(self) -> tuple[str, int] | None:
        """The client's address and port; None if the server does not provide them."""
        client = self.scope.get("client")
        return None if client is None else (client[0], int(client[1]))

    @property
    def state(self) -> dict[str, Any]:
        """The dict that the lifespan yielded; empty if it yielded none or the server does not pass it on."""
        state: dict[str, Any] = self.scope.get("state", {})
        return state

    @overload
    def query(self, name: str) -> str | None: ...
    @overload
    def query(self, name: str, default: T) -> str | T: ...
    @overload
    def query(self, name: str, default: T, type_: Callable[[str], T]) -> T: ...
    @overload
    def query(self, name: str, default: None = None, *, type_: Callable[[str], T]) -> T | None: ...
    def query(self, name: str, default: Any = None, type_: Callable[[str], Any] = str) -> Any:
        """Return the first value of the query parameter *name*, converted by *type_*.

        Returns *default* when the parameter is missing or cannot be converted. `bool` understands true, 1, yes, on
        and false, 0, no, off in any case; a parameter without a value is "".
        """
        values = self._queried().get(name)
        if values is None:
            return default
        if type_ is bool:
            return _BOOLEANS.get(values[0].lower(), default)
        try:
            return type_(values[0])
        except (ValueError, TypeError, LookupError, ArithmeticError):  # decimal.InvalidOperation is one of the latter
            return default

    def query_list(self, name: str, type_: Callable[[str], T] = str) -> list[T]:  # type: ignore[assignment]
        """Return all values of the query parameter *name*, converted by *type_*; without those that cannot be."""
        values = []
        for text in self._queried().get(name, ()):
            try:
                values.append(_BOOLEANS[text.lower()] if type_ is bool else type_(text))
            except (LookupError, ValueError, TypeError, ArithmeticError):
                continue
        return values  # type: ignore[return-value]

    def _queried(self) -> dict[str, list[str]]:
        if self._query is None:
            self._query = {}
            query = self.scope.get("query_string", b"").decode("latin-1")
            for name, value in parse_qsl(query, keep_blank_values=True):
                self._query.setdefault(name, []).append(value)
        return self._query

    @overload
    def header(self, name: str) -> str | None: ...
    @overload
    def header(self, name: str, default: T) -> str | T: ...
    def header(self, name: str, default: Any = None) -> Any:
        """Return the header *name* (any case), or *default*; the lines of a repeated header are joined by commas."""
        if self._headers is None:
            self._headers = _join_headers(self.scope.get("headers", ()))
        return self._headers.get(name.lower(), default)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that came, by name."""
        if self._cookies is None:
            from wesktop.asgi.http.cookies import parse_cookies

            self._cookies = parse_cookies(self.header("cookie", ""))
        return self._cookies


def route_path(scope: Scope) -> str:
    """The path below where the app is mounted, which ASGI's `path` includes (`root_path`)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if not root or not path.startswith(root) or path[len(root) : len(root) + 1] not in ("", "/"):
        return path
    return path[len(root) :] or "/"


def local_url(scope: Scope, path: str) -> str:
    """Return the URL of another path of the app, with the query of this request."""
    query = scope.get("query_string", b"").decode("latin-1")
    return url_quote(scope.get("root_path", "") + path) + (f"?{query}" if query else "")


def url_quote(path: str) -> str:
    """Percent-encode a decoded path for a URL."""
    return quote(path, errors="surrogateescape")


def _join_headers(raw_headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            # RFC 9110, section 5.3; HTTP/2 splits cookies, which semicolons join (RFC 9113, section 8.2.3).
            value = headers[name] + ("; " if name == "cookie" else ", ") + value
        headers[name] = value
    return headers
