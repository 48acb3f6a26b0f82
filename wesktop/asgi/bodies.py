"""Reading the body of a request."""

from wesktop.asgi.types import Receive

MAX_BODY_SIZE = 64 * 1024 * 1024
"""The largest body that is read into memory, in bytes: a longer one is answered with 413."""


class BodyTooLargeError(Exception):
    """The body is longer than the limit; nothing more of it is read."""


class BodyCutShortError(Exception):
    """The client went away, or broke the framing, before the end of the body."""


def has_body(headers: dict[bytes, bytes], http_version: str | None) -> bool:
    """Whether a request with *headers* has a body: an HTTP/1 request says so (RFC 9112, section 6.3)."""
    return b"content-length" in headers or b"transfer-encoding" in headers or http_version == "2"


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int | None) -> bytes | None:
    """Read the whole body, or return None when it is empty.

    Raises BodyTooLargeError above *limit* bytes (None: no limit), if possible before reading, and BodyCutShortError
    when the connection ends before the body does.
    """
    declared = headers.get(b"content-length", b"")
    length = int(declared) if declared.isdigit() else None
    if length == 0:
        return None
    if limit is not None and length is not None and length > limit:
        raise BodyTooLargeError
    return await _read(receive, length, limit) or None


async def _read(receive: Receive, length: int | None, limit: int | None) -> bytes:
    chunks = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyCutShortError
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if limit is not None and size > limit:
            raise BodyTooLargeError
        # granian says only in a further, empty message that the body has ended: with a known length that message is
        # not waited for (1.19 times the requests per second).
        if size == length or not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
