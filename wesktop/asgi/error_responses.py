"""What is answered to an error."""

import os

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.http.headers import header_values
from wesktop.asgi.reporting import log_exception, printable
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import Response, error_response, to_response
from wesktop.asgi.routing.router import Router
from wesktop.asgi.types import Scope

IN_SESSION = "wesktop.session"
"""Where the scope says that a request is part of the session, as the guard does. Others are shown no source."""


class ErrorAnswers:
    """Turns exceptions into responses: by the app's own handlers, else plainly.

    debug: whether a browser in the app's session is shown the traceback of what nobody expected.
    """

    def __init__(self, router: Router, logger: str, *, debug: bool) -> None:
        self.router = router
        self.logger = logger
        self.debug = debug

    async def answer(self, error: Exception, request: Request) -> Response:
        """The response to an exception, with which the request has ended before its response began."""
        try:
            handler = self.router.errors.find(error)
            if handler is not None:
                return to_response(await handler(request, error))
            if isinstance(error, HTTPError):
                return _plain(error)
        except HTTPError as other:  # the handler's answer, which is not handed round again
            return _plain(other)
        except Exception as failed:
            error = failed
        return await self._unexpected(error, request)

    async def _unexpected(self, error: Exception, request: Request) -> Response:
        """Log it with its traceback under an ID, which is all that the client is told."""
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
    """Whether a person is to read the answer: programs accept anything, browsers name HTML."""
    return any(b"text/html" in value for value in header_values(scope, b"accept"))
