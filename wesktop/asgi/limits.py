"""What an app takes from a client at most, so that none can exhaust it. Each is a keyword of `create_app`."""

from typing import NamedTuple

from wesktop.asgi.parameters import check_type

MAX_BODY_SIZE = 64 * 1024 * 1024
"""The largest body in bytes: a longer one is answered with 413."""

BODY_TIMEOUT = 60.0
"""Seconds that a body may take to come, or each chunk of one that is streamed; then 408."""

MAX_FORM_PARTS = 1000
"""How many fields and files a form may have: with more it is answered with 413."""

WRITE_TIMEOUT = 60.0
"""Seconds that a client may take to read a chunk; then its connection is broken off."""

MAX_MESSAGE_SIZE = 1024 * 1024
"""The largest message in bytes that a WebSocket takes, as with websockets; with a larger one it is closed (1009)."""

MAX_QUEUE_SIZE = 4 * 1024 * 1024
"""Bytes of messages that may wait to be received from a WebSocket: above, its client has to wait."""


class Limits(NamedTuple):
    """Those of an app; None for no limit."""

    max_body_size: int | None = MAX_BODY_SIZE
    body_timeout: float | None = BODY_TIMEOUT
    max_form_parts: int | None = MAX_FORM_PARTS
    write_timeout: float | None = WRITE_TIMEOUT
    max_message_size: int | None = MAX_MESSAGE_SIZE
    max_queue_size: int | None = MAX_QUEUE_SIZE

    def checked(self) -> "Limits":
        """Itself; raises TypeError for a limit that is no number, or not a whole one of what is counted.

        Raises ValueError for one that is not above zero.
        """
        for name, value in self._asdict().items():
            if value is None:
                continue
            check_type(name, value, *((float, int) if name in _SECONDS else (int,)))
            if not value > 0:
                raise ValueError(f"{name} {value!r} must be above zero: give None for no limit")
        return self


_SECONDS = ("body_timeout", "write_timeout")

SCOPE_KEY = "wesktop.limits"
"""Where a request's scope carries those of its app."""

DEFAULT = Limits()
