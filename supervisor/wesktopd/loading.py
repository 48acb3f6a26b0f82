"""What a supervisor does without, so that it stays small."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without_ssl() -> Iterator[None]:
    """Have asyncio do without TLS, which a supervisor never speaks: OpenSSL would be 4 of its 25 MB."""
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["ssl"]
