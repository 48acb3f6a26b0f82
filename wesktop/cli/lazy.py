"""A command group that imports a command when it is called: `status` does not wait for the imports of `run`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group with the commands of `homes`, in that order. homes: each command's place, as "module:attribute"."""

    def __init__(self, *args: Any, homes: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._homes = homes

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names of the commands."""
        return [*self._homes]

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if name not in self._homes:
            return None
        module, attribute = self._homes[name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command
