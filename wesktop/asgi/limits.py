"""Limits on what an app accepts from a client, so that no client can exhaust it. Each is a `create_app` keyword."""

from typing import NamedTuple

from wesktop.asgi.parameters import check_type

MAX_BODY_SIZE = 64 * 1024 * 1024
"""Maximum size of a body in bytes; a larger one is answered with 413."""

BODY_TIMEOUT = 60.0
"""Seconds in which a body must arrive, or each chunk of a streamed one; then 408."""

MAX_FORM_PARTS = 1000
"""Maximum number of fields and files of a form; with more it is answered with 413."""

WRITE_TIMEOUT = 60.0
"""Seconds in which a client must read a chunk; then its connection is aborted."""

MAX_MESSAGE_SIZE = 1024 * 1024
"""Maximum size of a WebSocket message in bytes, as in websockets; a larger one closes the connection (1009)."""

MAX_QUEUE_SIZE = 4 * 1024 * 1024
"""Maximum size in bytes of the messages queued for a WebSocket's handler; beyond it the client has to wait."""


THREADS = 40
"""Threads for handlers that are not async; with all of them busy, further requests wait."""


class Limits(NamedTuple):
    """The limits of an app; None for no limit, except of threads."""

    max_body_size: int | None = MAX_BODY_SIZE
    body_timeout: float | None = BODY_TIMEOUT
    max_form_parts: int | None = MAX_FORM_PARTS
    write_timeout: float | None = WRITE_TIMEOUT
    max_message_size: int | None = MAX_MESSAGE_SIZE
    max_queue_size: int | None = MAX_QUEUE_SIZE
    threads: int = THREADS

    def checked(self) -> "Limits":
        """Return self. Raises TypeError unless seconds are numbers and all other limits are ints.

        Raises ValueError unless each is above zero.
        """
        for name, value in self._asdict().items():
            if value is None and name != "threads":
                continue
            check_type(name, value, *((float, int) if name in _SECONDS else (int,)))
            if not value > 0:
                raise ValueError(f"{name} must be above zero, not {value!r}: give None for no limit")
        return self


_SECONDS = ("body_timeout", "write_timeout")

SCOPE_KEY = "wesktop.limits"
"""Key of the app's limits in a request's scope."""

DEFAULT = Limits()
