"""The arguments and the directory of this start, for the app that runs or is started."""

import os
import sys
from collections.abc import Sequence

from wesktopd.errors import ConfigurationError
from wesktopd.wire.worker_messages import StartRequest


def current_launch(arguments: Sequence[str] | None) -> StartRequest:
    """Return the arguments and the directory that this process was started with.

    arguments: instead of the process's own. Of those, the `--` that ends the options is left out: a desktop entry on
    Windows has one before the link. Raises ConfigurationError for anything but a list of strings.
    """
    given = _without_end_of_options(sys.argv[1:]) if arguments is None else arguments
    if not isinstance(given, list | tuple) or not all(isinstance(argument, str) for argument in given):
        raise ConfigurationError(f"arguments {arguments!r} is not a list of strings.")
    return StartRequest([_utf8(argument) for argument in given], _utf8(os.getcwd()))  # noqa: PTH109


def _without_end_of_options(arguments: list[str]) -> list[str]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end] + arguments[end + 1 :]


def _utf8(text: str) -> str:
    """Return an argument with its invalid UTF-8 replaced, as a message cannot have that."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
