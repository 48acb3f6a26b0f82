"""Responses of known length, and the conversion of a handler's return value.

A response is an ASGI callable, and it is settled when constructed: the body is encoded and the header list prepared
once, so that one response may answer any number of requests. The constructor's parameters stay readable as
attributes. Every one takes `status`, `headers` (further ones) and `cookies` (names and values, or `Cookie` objects),
and raises ValueError for a status outside 100..999 or what cannot stand in a header, and TypeError for a value of
another type.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from wesktop.asgi import codec
from wesktop.asgi.http.cookies import Cookie, Cookies, encode_cookies
from wesktop.asgi.http.headers import Headers, RawHeaders, content_type_header, encode_headers
from wesktop.asgi.parameters import as_bytes, check_type
from wesktop.asgi.types import Message, Receive, Scope, Send

_JSON = content_type_header("application/json")
_TEXT = content_type_header("text/plain")
_URL_SAFE = ":/?#[]@!$&'()*+,;=%~"  # RFC 3986, sections 2.1 and 2.2; quote() leaves the unreserved ones alone
REDIRECTS = (301, 302, 303, 307, 308)


class Response:
    """Base class of all responses: a handler may return any subclass.

    A subclass sends the response in `__call__`, the ASGI callable. Parameters: *status*; *headers*, further ones;
    *cookies*, to be set.
    """

    def __init__(self, status: int = 200, headers: Headers | None = None, cookies: Cookies | None = None) -> None:
        self.status = check_status(status)
        self.headers = headers
        self._raw_headers: RawHeaders = encode_headers(headers) + encode_cookies(cookies)

    def set_cookie(self, name: str, value: str, **options: Any) -> None:
        """Set a cookie; *options* are those of `Cookie`. Raises ValueError as that does."""
        self._raw_headers.append(Cookie(name, value, **options).header)

    def delete_cookie(
        self, name: str, *, path: str = "/", domain: str | None = None, secure: bool | None = None
    ) -> None:
        """Delete the cookie with this path and domain.

        secure: as it was set; by default where its name has it so (`__Host-`, `__Secure-`).
        """
        secure = name.startswith(("__Host-", "__Secure-")) if secure is None else secure
        self.set_cookie(name, "", max_age=0, path=path, domain=domain, secure=secure)

    def add_raw_headers(self, raw_headers: RawHeaders) -> None:
        """Add headers without checking them."""
        self._raw_headers += raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError


def start_message(status: int, raw_headers: RawHeaders) -> Message:
    """Return the message that starts a response, with a copy of the list, as middleware may extend it."""
    return {"type": "http.response.start", "status": status, "headers": raw_headers.copy()}


def check_status(status: int) -> int:
    """Return *status*; raise TypeError unless it is an int.

    Raises ValueError outside 100..999, on which granian panics and takes the worker with it.
    """
    check_type("status", status, int)
    if not 100 <= status <= 999:
        raise ValueError(f"status must be from 100 to 999, not {status!r}")
    return status


def has_content(status: int) -> bool:
    """Return True if a response with *status* has a body and a Content-Length (RFC 9110, sections 6.4.1 and 8.6)."""
    return status >= 200 and status not in (204, 304)


class FixedResponse(Response):
    """A response whose whole body is known; it has exactly one, correct Content-Length.

    Parameters: *body*; *content_type*, the prepared header or None; the rest as of `Response`.
    """

    def __init__(
        self,
        body: bytes,
        content_type: tuple[bytes, bytes] | None,
        status: int,
        headers: Headers | None = None,
        cookies: Cookies | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        length = (b"content-length", b"%d" % len(body))
        raw_headers = [length] if content_type is None else [content_type, length]
        if (status != 200 or type(status) is not int) and not has_content(check_status(status)):
            raw_headers.remove(length)
            body = b""
        if headers:
            raw_headers += encode_headers(headers)
        if cookies:
            raw_headers += encode_cookies(cookies)
        self._raw_headers = raw_headers
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(start_message(self.status, self._raw_headers))
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self._body})


class JSONResponse(FixedResponse):
    """*data* as JSON: anything `wesktop.asgi.codec.encode` can encode. *status* is 200 unless given.

    Raises TypeError for data that cannot be encoded, and ValueError as all responses do.
    """

    def __init__(
        self, data: Any, status: int = 200, *, headers: Headers | None = None, cookies: Cookies | None = None
    ) -> None:
        self.data = data
        super().__init__(codec.encode(data), _JSON, status, headers, cookies)


class TextResponse(FixedResponse):
    """*text*, encoded as UTF-8, which is declared for every text/... type.

    *content_type* is "text/plain" and *status* 200 unless given. Raises ValueError as all responses do, and for a
    malformed content type.
    """

    def __init__(
        self,
        text: str,
        content_type: str = "text/plain",
        status: int = 200,
        headers: Headers | None = None,
        *,
        cookies: Cookies | None = None,
    ) -> None:
        if type(text) is not str:
            check_type("text", text, str)
        if type(content_type) is not str:
            check_type("content_type", content_type, str)
        if "charset=" in content_type.lower() and "utf-8" not in content_type.lower():
            raise ValueError(f"content type {content_type!r}: text is sent as UTF-8; or use BytesResponse")
        self.text = text
        self.content_type = content_type
        super().__init__(codec.encode_text(text), content_type_header(content_type), status, headers, cookies)


class HTMLResponse(FixedResponse):
    """The page *html*, encoded as UTF-8. *status* is 200 unless given. Raises ValueError as all responses do."""

    def __init__(
        self, html: str, status: int = 200, *, headers: Headers | None = None, cookies: Cookies | None = None
    ) -> None:
        if type(html) is not str:
            check_type("html", html, str)
        self.html = html
        super().__init__(codec.encode_text(html), content_type_header("text/html"), status, headers, cookies)


class BytesResponse(FixedResponse):
    """*data* as it is: bytes, or a bytearray or memoryview, which is copied.

    *content_type* is "application/octet-stream" and *status* 200 unless given. Raises ValueError as all responses do,
    and for a malformed content type; TypeError for text, which is to be encoded first.
    """

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        content_type: str = "application/octet-stream",
        status: int = 200,
        *,
        headers: Headers | None = None,
        cookies: Cookies | None = None,
    ) -> None:
        self.data = data
        self.content_type = content_type
        if type(content_type) is not str:
            check_type("content_type", content_type, str)
        body = data if type(data) is bytes else as_bytes("data", data, "encode text, or use TextResponse")
        super().__init__(body, content_type_header(content_type), status, headers, cookies)


class EmptyResponse(FixedResponse):
    """A response without a body. *status* is 204 (No Content) unless given. Raises ValueError as all responses do."""

    def __init__(self, status: int = 204, *, headers: Headers | None = None, cookies: Cookies | None = None) -> None:
        super().__init__(b"", None, status, headers, cookies)


class RedirectResponse(FixedResponse):
    """Redirect the client to *url*, absolute or a path; characters not allowed in a URL are percent-encoded.

    *status* is 307, with which the method and the body stay the same, unless given: 301, 302, 303, 307 or 308.
    Raises ValueError for another status, and as all responses do.
    """

    def __init__(
        self, url: str, status: int = 307, *, headers: Headers | None = None, cookies: Cookies | None = None
    ) -> None:
        check_type("url", url, str)
        if status not in REDIRECTS:
            raise ValueError(f"status of a redirect must be one of {', '.join(map(str, REDIRECTS))}, not {status!r}")
        self.url = url
        super().__init__(b"", None, status, headers, cookies)
        self._raw_headers.append((b"location", quote(url, safe=_URL_SAFE).encode("ascii")))


def error_response(status: int, detail: Any, *, headers: Headers | None = None, **more: Any) -> JSONResponse:
    """Return the response to an error, as all errors of this library are sent: `{"error": detail}`."""
    return JSONResponse({"error": detail, **more}, status, headers=headers)


def allow(methods: Iterable[str]) -> dict[str, str]:
    """Return the Allow header with these methods (RFC 9110, section 15.5.6)."""
    return {"Allow": ", ".join(methods)}


def _json(answer: Any) -> Response:
    return FixedResponse(codec.encode(answer), _JSON, 200)


_BYTES = content_type_header("application/octet-stream")
_MAKERS: dict[type, Callable[[Any], Response]] = {
    dict: _json,
    list: _json,
    str: lambda text: FixedResponse(codec.encode_text(text), _TEXT, 200),
    bytes: lambda data: FixedResponse(data, _BYTES, 200),
    type(None): lambda _: EmptyResponse(),
}


def to_response(answer: Any) -> Response:
    """Convert a handler's return value to a response.

    dict, list, dataclass and msgspec Struct become JSON, str plain text, bytes an octet stream, None a 204.
    Raises TypeError for anything else, and when the JSON cannot be encoded.
    """
    make = _MAKERS.get(type(answer))
    if make is not None:
        return make(answer)
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, codec.Struct):
        return JSONResponse(answer)
    for kind, make in _MAKERS.items():  # what is derived from one of them
        if isinstance(answer, kind):
            return make(answer)
    if hasattr(type(answer), "__dataclass_fields__"):  # dataclasses.is_dataclass(), whose module takes 5 ms to load
        return JSONResponse(answer)
    raise TypeError(f"the handler returned {type(answer).__name__}: return a response, or what can be made one")
