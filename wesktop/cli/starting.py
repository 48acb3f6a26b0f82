"""Shared by `wesktop run` and `wesktop serve`."""

import contextlib
import sys
from collections.abc import Iterator

from wesktopd.errors import WesktopError


@contextlib.contextmanager
def output_seen() -> Iterator[None]:
    """Leave the end of the log out of an error: the app's output has been shown on this terminal already."""
    try:
        yield
    except WesktopError as error:
        error.log_tail = ""
        raise


def import_from_working_directory() -> None:
    """Find the target in the working directory; `sys.path[0]` is the directory of the command itself."""
    sys.path.insert(0, "")
