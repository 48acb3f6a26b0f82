"""Error handlers, by status and by type of exception."""

from wesktop.asgi.errors import HTTPError, check_error_status
from wesktop.asgi.routing.handlers import Handler, to_async
from wesktop.asgi.signatures import check_arguments

ErrorKey = int | type[Exception]


class ErrorHandlers:
    """The error handlers of an app, by status and by type of exception."""

    def __init__(self) -> None:
        self._handlers: dict[ErrorKey, Handler] = {}

    def add(self, key: ErrorKey, handler: Handler) -> None:
        """Register a handler. Raises ValueError for a status outside 400..599 or a key that is taken; TypeError for
        another key, or a handler that cannot be called with a request and an error.
        """
        if isinstance(key, int):
            check_error_status(key)
        elif not (isinstance(key, type) and issubclass(key, Exception)):
            raise TypeError(f"error must be an exception type or a status such as 404, not {key!r}")
        if key in self._handlers:
            raise ValueError(f"{key!r} has an error handler already: remove one of the two")
        function = to_async(handler)
        check_arguments("error handler", handler, "request", "error")
        self._handlers[key] = function

    def include(self, others: "ErrorHandlers") -> None:
        """Add the handlers of another. Raises ValueError for a key that has a different handler."""
        for key, handler in others._handlers.items():
            if self._handlers.setdefault(key, handler) is not handler:
                raise ValueError(f"{key!r} has an error handler already: remove one of the two")

    def find(self, error: Exception) -> Handler | None:
        """Return the handler of an exception: by its status, else by its nearest base class."""
        if isinstance(error, HTTPError) and (handler := self._handlers.get(error.status)) is not None:
            return handler
        for kind in type(error).__mro__:
            # A handler of Exception is for unexpected exceptions, which an HTTPError is not.
            if kind in self._handlers and (not isinstance(error, HTTPError) or issubclass(kind, HTTPError)):
                return self._handlers[kind]
        return None

    def of_last_resort(self) -> Handler | None:
        """Return the handler of status 500."""
        return self._handlers.get(500)
