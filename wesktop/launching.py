"""What a program was started with, for the running app or the one that starts."""

import os
import sys
from collections.abc import Sequence

from wesktopd.errors import ConfigurationError
from wesktopd.wire.channel import Launch


def this_launch(arguments: Sequence[str] | None) -> Launch:
    """Return this process's launch.

    arguments: None takes those of the process, without the `--` that ends its options: a desktop entry on Windows has
    one before the link. Raises ConfigurationError for anything but a list of strings.
    """
    given = _without_end_of_options(sys.argv[1:]) if arguments is None else arguments
    if not isinstance(given, list | tuple) or not all(isinstance(argument, str) for argument in given):
        raise ConfigurationError(f"arguments {arguments!r} is not a list of strings.")
    return Launch([_utf8(argument) for argument in given], _utf8(os.getcwd()))  # noqa: PTH109


def _without_end_of_options(arguments: list[str]) -> list[str]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end] + arguments[end + 1 :]


def _utf8(text: str) -> str:
    """An argument as a message can have it: what is no UTF-8 in it, is replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
