"""Responses to errors."""

import os

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.http.headers import header_values
from wesktop.asgi.reporting import log_exception, printable
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import Response, error_response, to_response
from wesktop.asgi.routing.router import Router
from wesktop.asgi.types import Scope

IN_SESSION = "wesktop.session"
"""Scope key that the guard sets for requests of the session. Only these are shown source code."""


class ErrorAnswers:
    """Turns exceptions into responses: by the app's error handlers, else as plain JSON.

    debug: show a browser in the app's session the traceback of an unexpected exception.
    """

    def __init__(self, router: Router, logger: str, *, debug: bool) -> None:
        self.router = router
        self.logger = logger
        self.debug = debug

    async def answer(self, error: Exception, request: Request) -> Response:
        """Return the response to an exception raised before the response has started."""
        try:
            handler = self.router.errors.find(error)
            if handler is not None:
                return to_response(await handler(request, error))
            if isinstance(error, HTTPError):
                return _plain(error)
        except HTTPError as other:  # raised by the error handler: no further handler is called
            return _plain(other)
        except Exception as failed:
            error = failed
        return await self._unexpected(error, request)

    async def _unexpected(self, error: Exception, request: Request) -> Response:
        """Log the traceback under an ID; the client receives only the ID."""
        trace = os.urandom(4).hex()
        log_exception(self.logger, error, "%s %s failed (error %s)", request.method, printable(request.path), trace)
        handler = self.router.errors.of_last_resort()
        if handler is not None:
            try:
                return to_response(await handler(request, error))
            except Exception as failed:
                log_exception(self.logger, failed, "the error handler of status 500 failed (error %s)", trace)
        if self.debug and request.scope.get(IN_SESSION) and _is_browser(request.scope):
            from wesktop.asgi.traceback_page import traceback_page

            return traceback_page(error, f"{request.method} {request.path}", trace)
        return error_response(500, "internal server error", id=trace)


def _plain(error: HTTPError) -> Response:
    return error_response(error.status, error.detail, headers=error.headers)


def _is_browser(scope: Scope) -> bool:
    """Return True for a browser: browsers accept HTML by name, programs accept anything."""
    return any(b"text/html" in value for value in header_values(scope, b"accept"))
