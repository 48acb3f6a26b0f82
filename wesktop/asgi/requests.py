"""What a handler is given."""

from collections.abc import Callable
from typing import Any, TypeVar, overload
from urllib.parse import parse_qsl

from wesktop.asgi import codec
from wesktop.asgi.types import Scope

T = TypeVar("T")

_UNREAD: Any = object()
_BOOLEANS = {
    "true": True, "1": True, "yes": True, "on": True,
    "false": False, "0": False, "no": False, "off": False,
}  # fmt: skip


class Request:
    """An HTTP request: the ASGI scope, the path parameters and the body, each part read when first asked for.

    Parameters: *scope*, the ASGI HTTP scope; *path_params*, what the route's `{name}` segments matched (default:
    none); *body*, the whole body (default None: the request has none).
    """

    __slots__ = ("_headers", "_json", "_query", "body", "path_params", "scope")

    def __init__(self, scope: Scope, path_params: dict[str, str] | None = None, body: bytes | None = None) -> None:
        self.scope = scope
        self.path_params = {} if path_params is None else path_params
        self.body = body
        self._json = _UNREAD
        self._query: dict[str, str] | None = None
        self._headers: dict[str, str] | None = None

    @property
    def method(self) -> str:
        """The method, in upper case as it came."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query."""
        path: str = self.scope["path"]
        return path

    @property
    def state(self) -> dict[str, Any]:
        """What the lifespan yielded; empty when it yielded no dict or the server does not pass it on."""
        state: dict[str, Any] = self.scope.get("state", {})
        return state

    @property
    def body_size(self) -> int:
        """The body's length in bytes, 0 when there is none."""
        return 0 if self.body is None else len(self.body)

    @property
    def json(self) -> Any:
        """The body decoded as JSON; None when there is no body or it is not JSON."""
        if self._json is _UNREAD:
            try:
                self._json = codec.decode(self.body) if self.body else None
            except (ValueError, RecursionError):  # not JSON, not UTF-8 or nested beyond reason
                self._json = None
        return self._json

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
        if self._query is None:
            pairs = parse_qsl(self.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
            self._query = dict(reversed(pairs))  # the first of a repeated name is written last, and stays
        value = self._query.get(name)
        if value is None:
            return default
        if type_ is bool:
            return _BOOLEANS.get(value.lower(), default)
        try:
            return type_(value)
        except (ValueError, TypeError, ArithmeticError):  # decimal.InvalidOperation is an ArithmeticError
            return default

    @overload
    def header(self, name: str) -> str | None: ...
    @overload
    def header(self, name: str, default: T) -> str | T: ...
    def header(self, name: str, default: Any = None) -> Any:
        """Return the header *name* (any case), or *default*; the lines of a repeated header are joined by commas."""
        if self._headers is None:
            self._headers = _join_headers(self.scope.get("headers", ()))
        return self._headers.get(name.lower(), default)


def _join_headers(raw_headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            # RFC 9110, section 5.3; HTTP/2 splits cookies, which semicolons join (RFC 9113, section 8.2.3).
            value = headers[name] + ("; " if name == "cookie" else ", ") + value
        headers[name] = value
    return headers
