"""What is answered to an error."""

from typing import Any

from wesktop.asgi.errors import ErrorHandlers, HTTPError
from wesktop.asgi.reporting import log_exception
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import Response, as_response, error_response
from wesktop.asgi.types import Scope


class ErrorAnswers:
    """Turns exceptions into responses: by the app's own handlers, else plainly.

    debug: whether a browser is shown the traceback of what nobody expected.
    """

    def __init__(self, handlers: ErrorHandlers, logger: str, *, debug: bool) -> None:
        self.handlers = handlers
        self.logger = logger
        self.debug = debug

    async def answer(self, error: Exception, scope: Scope) -> Response:
        """The response to an exception, with which the request has ended before its response began."""
        handler = self.handlers.find(error)
        if handler is None:
            if isinstance(error, HTTPError):
                return error_response(error.status, error.detail, headers=error.headers)
            return await self._unexpected(error, scope)
        try:
            return as_response(await handler(Request(scope), error))
        except HTTPError as other:  # the handler's answer, which is not handed round again
            return error_response(other.status, other.detail, headers=other.headers)
        except Exception as failed:
            return await self._unexpected(failed, scope)

    async def _unexpected(self, error: Exception, scope: Scope) -> Response:
        """Log it with its traceback under an ID, which is all that the client is told."""
        import secrets  # late: 10 ms

        trace = secrets.token_hex(4)
        log_exception(self.logger, error, "%s %s failed (error %s)", scope["method"], scope["path"], trace)
        handler = self.handlers.of_last_resort()
        if handler is not None:
            try:
                return as_response(await handler(Request(scope), error))
            except Exception as failed:
                log_exception(self.logger, failed, "the error handler of status 500 failed (error %s)", trace)
        if self.debug and _is_browser(scope):
            from wesktop.asgi.traceback_page import traceback_page

            return traceback_page(error, f"{scope['method']} {scope['path']}", trace)
        return error_response(500, "internal server error", id=trace)


def _is_browser(scope: Scope) -> bool:
    """Whether a person is to read the answer: programs accept anything, browsers name HTML."""
    accepted: list[Any] = [value for name, value in scope["headers"] if name == b"accept"]
    return any(b"text/html" in value for value in accepted)
