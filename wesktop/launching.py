"""What a program was started with: it may be an app that runs already that is to know of it."""

import os
import sys
from collections.abc import Sequence

from wesktopd.channel import Launch
from wesktopd.errors import ConfigurationError


def this_launch(arguments: Sequence[str] | None) -> Launch:
    """This process's. arguments: None takes its own. Raises ConfigurationError for what is no list of strings."""
    given = sys.argv[1:] if arguments is None else arguments
    if not isinstance(given, list | tuple) or not all(isinstance(argument, str) for argument in given):
        raise ConfigurationError(f"arguments {arguments!r} is not a list of strings.")
    return Launch([_utf8(argument) for argument in given], _utf8(os.getcwd()))  # noqa: PTH109


def _utf8(text: str) -> str:
    """An argument as a message can have it: what is no UTF-8 in it, is replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
