"""Errors as answers: what a handler raises, and who answers it."""

from collections.abc import Mapping
from typing import Any

from wesktop.asgi.handlers import Handler, awaitable
from wesktop.asgi.headers import encode_headers
from wesktop.asgi.parameters import check_type

ErrorKey = int | type[Exception]


class HTTPError(Exception):
    """Raised by a handler to answer with an error: `{"error": detail}`.

    status: 400 to 599. detail: what the client is told, text or what can be JSON; the status in words unless given.
    headers: further ones.

    Raises ValueError for a status that is no error's, or a malformed header, and TypeError for one that is no int.
    """

    def __init__(self, status: int, detail: Any = None, *, headers: Mapping[str, str] | None = None) -> None:
        _check_error_status(status)
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


class ErrorHandlers:
    """Who answers which error: handlers by status, and by type of exception."""

    def __init__(self) -> None:
        self._handlers: dict[ErrorKey, Handler] = {}

    def add(self, key: ErrorKey, handler: Handler) -> None:
        """Register a handler. Raises ValueError for a status that is no error, or a key that is taken; TypeError for
        what is neither, or cannot be called.
        """
        if isinstance(key, int):
            _check_error_status(key)
        elif not (isinstance(key, type) and issubclass(key, Exception)):
            raise TypeError(f"{key!r} is no error: give an exception's type or a status such as 404")
        if key in self._handlers:
            raise ValueError(f"{key!r} has an error handler already: remove one of the two")
        self._handlers[key] = awaitable(handler)

    def include(self, others: "ErrorHandlers") -> None:
        """Add those of another. Raises ValueError for a key that is taken by a different one."""
        for key, handler in others._handlers.items():
            if self._handlers.setdefault(key, handler) is not handler:
                raise ValueError(f"{key!r} has an error handler already: remove one of the two")

    def find(self, error: Exception) -> Handler | None:
        """The handler of an exception: by its status, else by the nearest of its types."""
        if isinstance(error, HTTPError) and (handler := self._handlers.get(error.status)) is not None:
            return handler
        for kind in type(error).__mro__:
            # A handler of Exception is for what nobody expected, which an HTTPError is not.
            if kind in self._handlers and (not isinstance(error, HTTPError) or issubclass(kind, HTTPError)):
                return self._handlers[kind]
        return None

    def of_last_resort(self) -> Handler | None:
        """The handler of status 500."""
        return self._handlers.get(500)


def _check_error_status(status: int) -> None:
    check_type("status", status, int)
    if not 400 <= status <= 599:
        raise ValueError(f"status {status!r} is no error: use one from 400 to 599")
