"""What a program was started with: it may be an app that runs already that is to know of it."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from wesktopd import client
from wesktopd.errors import ConfigurationError


@dataclass(frozen=True)
class Launch:
    """The arguments, and the directory that paths among them are relative to."""

    arguments: list[str]
    directory: str

    def tell(self, name: str) -> None:
        """Tell the app of that name. Raises NotRunningError, ControlError, or ConfigurationError for too many."""
        client.launch(name, self.arguments, self.directory)


def this_launch(arguments: Sequence[str] | None) -> Launch:
    """This process's. arguments: None takes its own. Raises ConfigurationError for what is no list of strings."""
    given = sys.argv[1:] if arguments is None else arguments
    if not isinstance(given, list | tuple) or not all(isinstance(argument, str) for argument in given):
        raise ConfigurationError(f"arguments {arguments!r} is not a list of strings.")
    return Launch([*given], os.getcwd())  # noqa: PTH109
