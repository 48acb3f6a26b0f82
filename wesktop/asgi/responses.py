"""What a handler answers.

A response is an ASGI callable, and it is settled when constructed: the body is encoded and the header list prepared
once, so that one response may answer any number of requests. The constructor's parameters stay readable as
attributes.
"""

from collections.abc import Iterable
from typing import Any

from wesktop.asgi import codec
from wesktop.asgi.headers import Headers, RawHeaders, content_type_header, encode_headers
from wesktop.asgi.types import Message, Receive, Scope, Send

_JSON = content_type_header("application/json")


class Response:
    """The base of all responses: anything that a handler may return as it is.

    A subclass sends the response in `__call__`, the ASGI callable.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError


def start_message(status: int, raw_headers: RawHeaders) -> Message:
    """The message that starts a response, with a copy of the list: middleware may add to what it sees."""
    return {"type": "http.response.start", "status": status, "headers": raw_headers.copy()}


def check_status(status: int) -> int:
    """Return *status*; raises ValueError outside 100..999, on which granian panics and takes the worker with it."""
    if not 100 <= status <= 999:
        raise ValueError(f"status {status!r} is not an HTTP status: use one from 100 to 999")
    return status


def has_content(status: int) -> bool:
    """Whether a response with *status* has a body and a Content-Length (RFC 9110, sections 6.4.1 and 8.6)."""
    return status >= 200 and status not in (204, 304)


class FixedResponse(Response):
    """A response whose whole body is known: exactly one Content-Length, and a true one.

    Parameters: *body*; *content_type*, the prepared header or None; *status*; *headers*, further ones.
    """

    def __init__(
        self, body: bytes, content_type: tuple[bytes, bytes] | None, status: int, headers: Headers | None = None
    ) -> None:
        self.status = check_status(status)
        self.headers = headers
        raw_headers = [] if content_type is None else [content_type]
        if has_content(status):
            raw_headers.append((b"content-length", b"%d" % len(body)))
        else:
            body = b""
        if headers:
            raw_headers += encode_headers(headers)
        self._raw_headers = raw_headers
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(start_message(self.status, self._raw_headers))
        body = b"" if scope["method"] == "HEAD" else self._body
        await send({"type": "http.response.body", "body": body})


class JSONResponse(FixedResponse):
    """*data* as JSON: whatever msgspec encodes. *status* is 200 unless given; *headers* are further ones.

    Raises TypeError when msgspec cannot encode *data*, ValueError for a status outside 100..999 or a malformed
    header.
    """

    def __init__(self, data: Any, status: int = 200, *, headers: Headers | None = None) -> None:
        self.data = data
        super().__init__(codec.encode(data), _JSON, status, headers)


class TextResponse(FixedResponse):
    """*text*, encoded as UTF-8, which is declared for every text/... type.

    *content_type* is "text/plain" and *status* 200 unless given; *headers* are further ones.
    Raises ValueError for a status outside 100..999 or a malformed content type or header.
    """

    def __init__(
        self, text: str, content_type: str = "text/plain", status: int = 200, headers: Headers | None = None
    ) -> None:
        self.text = text
        self.content_type = content_type
        super().__init__(text.encode(), content_type_header(content_type), status, headers)


class HTMLResponse(FixedResponse):
    """The page *html*, encoded as UTF-8. *status* is 200 unless given; *headers* are further ones.

    Raises ValueError for a status outside 100..999 or a malformed header.
    """

    def __init__(self, html: str, status: int = 200, *, headers: Headers | None = None) -> None:
        self.html = html
        super().__init__(html.encode(), content_type_header("text/html"), status, headers)


class BytesResponse(FixedResponse):
    """*data* as it is.

    *content_type* is "application/octet-stream" and *status* 200 unless given; *headers* are further ones.

    Raises ValueError for a status outside 100..999 or a malformed content type or header.
    """

    def __init__(
        self,
        data: bytes,
        content_type: str = "application/octet-stream",
        status: int = 200,
        *,
        headers: Headers | None = None,
    ) -> None:
        self.data = data
        self.content_type = content_type
        super().__init__(data, content_type_header(content_type), status, headers)


class EmptyResponse(FixedResponse):
    """A response without a body. *status* is 204 (No Content) unless given; *headers* are further ones.

    Raises ValueError for a status outside 100..999 or a malformed header.
    """

    def __init__(self, status: int = 204, *, headers: Headers | None = None) -> None:
        super().__init__(b"", None, status, headers)


def error_response(status: int, message: str, *, headers: Headers | None = None) -> JSONResponse:
    """An error as every error of this library is answered: `{"error": message}`."""
    return JSONResponse({"error": message}, status, headers=headers)


def not_allowed(methods: Iterable[str]) -> JSONResponse:
    """The answer to a method that is none of *methods* (RFC 9110, section 15.5.6)."""
    return error_response(405, "method not allowed", headers={"Allow": ", ".join(methods)})


def not_found() -> JSONResponse:
    """The answer where there is nothing."""
    return error_response(404, "not found")


def as_response(answer: Any) -> Response:
    """Make what a handler returned a response.

    dict, list, dataclass and msgspec Struct become JSON, str plain text, bytes an octet stream, None a 204.
    Raises TypeError for anything else, and when the JSON cannot be encoded.
    """
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, (dict, list, codec.Struct)):
        return JSONResponse(answer)
    if isinstance(answer, str):
        return TextResponse(answer)
    if isinstance(answer, bytes):
        return BytesResponse(answer)
    if answer is None:
        return EmptyResponse()
    if hasattr(type(answer), "__dataclass_fields__"):  # dataclasses.is_dataclass(), whose module takes 5 ms to load
        return JSONResponse(answer)
    raise TypeError(f"the handler returned {type(answer).__name__}: return a response, or what can be made one")
