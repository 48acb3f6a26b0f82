"""HTTP errors: the exceptions that a handler raises to answer with a status."""

from collections.abc import Mapping
from typing import Any

from wesktop.asgi.http.headers import encode_headers
from wesktop.asgi.parameters import check_type


class HTTPError(Exception):
    """Raised by a handler to answer with an error: `{"error": detail}`.

    status: 400 to 599. detail: sent to the client, text or JSON; by default the status in words.
    headers: additional response headers.

    Raises ValueError for a status outside 400..599 or a malformed header, and TypeError for a status of another type.
    """

    def __init__(self, status: int, detail: Any = None, *, headers: Mapping[str, str] | None = None) -> None:
        check_error_status(status)
        self.status = status
        self.detail = phrase(status) if detail is None else detail
        self.headers = headers
        encode_headers(headers)  # checked here, so that the traceback shows where they come from
        super().__init__(status, self.detail)

    def __str__(self) -> str:
        return f"{self.status} {self.detail}"


class NothingSentError(HTTPError):
    """Raised by a response before it has sent anything: the app may still send another one."""


def phrase(status: int) -> str:
    """Return the status in words (RFC 9110, section 15), in lower case; "error" for an unknown one."""
    from http import HTTPStatus  # late: 2 ms

    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "error"


def check_error_status(status: int) -> None:
    """Raise TypeError or ValueError unless *status* is an int from 400 to 599."""
    check_type("status", status, int)
    if not 400 <= status <= 599:
        raise ValueError(f"status must be an error from 400 to 599, not {status!r}")
