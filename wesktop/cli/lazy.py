"""Groups whose commands are loaded when they are needed: `status` does not wait for what `run` takes."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of the commands that `homes` names, in that order: where each is, as "module:attribute"."""

    def __init__(self, *args: Any, homes: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._homes = homes

    def list_commands(self, _: click.Context) -> list[str]:
        """The names of the commands."""
        return [*self._homes]

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """The command of this name; None where there is none."""
        if name not in self._homes:
            return None
        module, attribute = self._homes[name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command
