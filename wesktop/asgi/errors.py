"""HTTP errors: the exceptions that a handler raises to answer with a status."""

from collections.abc import Mapping
from typing import Any

from wesktop.asgi.http.headers import encode_headers
from wesktop.asgi.parameters import check_type


class HTTPError(Exception):
    """Raised by a handler to answer with an error: `{"error": detail}`.

    status: 400 to 599. detail: what the client is told, text or what can be JSON; the status in words unless given.
    headers: further ones.

    Raises ValueError for a status that is no error's, or a malformed header, and TypeError for one that is no int.
    """

    def __init__(self, status: int, detail: Any = None, *, headers: Mapping[str, str] | None = None) -> None:
        check_error_status(status)
        self.status = status
        self.detail = phrase(status) if detail is None else detail
        self.headers = headers
        encode_headers(headers)  # refused here, where it can be seen who gave them
        super().__init__(status, self.detail)

    def __str__(self) -> str:
        return f"{self.status} {self.detail}"


class NothingSentError(HTTPError):
    """A response's own, raised before it has begun: another may still take its place."""


def phrase(status: int) -> str:
    """The status in words (RFC 9110, section 15), in lower case; "error" for an unknown one."""
    from http import HTTPStatus  # late: 2 ms

    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "error"


def check_error_status(status: int) -> None:
    """Raise TypeError or ValueError unless *status* is an int from 400 to 599."""
    check_type("status", status, int)
    if not 400 <= status <= 599:
        raise ValueError(f"status {status!r} is no error: use one from 400 to 599")
