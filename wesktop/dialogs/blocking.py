"""The functions of `wesktop.dialogs` for threads and scripts: each blocks until the user answers.

For handlers defined with `def`, which run in a thread, and, with `name=`, for any process of the same user.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wesktop.dialogs import parameters
from wesktop.dialogs.requests import ask_blocking, is_shown_blocking

__all__ = ["open_file", "open_files", "save_file", "choose_folder", "confirm", "message", "notify"]


def open_file(
    title: str = "",
    *,
    directory: str | Path = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> Path | None:
    """See `wesktop.dialogs.open_file`."""
    return parameters.first(ask_blocking(parameters.open_files(title, directory, types, several=False), name))


def open_files(
    title: str = "",
    *,
    directory: str | Path = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> list[Path]:
    """See `wesktop.dialogs.open_files`."""
    return parameters.all_of(ask_blocking(parameters.open_files(title, directory, types, several=True), name))


def save_file(
    title: str = "",
    *,
    directory: str | Path = "",
    file_name: str = "",
    types: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
) -> Path | None:
    """See `wesktop.dialogs.save_file`."""
    return parameters.first(ask_blocking(parameters.save(title, directory, file_name, types), name))


def choose_folder(title: str = "", *, directory: str | Path = "", name: str | None = None) -> Path | None:
    """See `wesktop.dialogs.choose_folder`."""
    return parameters.first(ask_blocking(parameters.folder(title, directory), name))


def confirm(title: str, text: str = "", *, accept: str = "", name: str | None = None) -> bool:
    """See `wesktop.dialogs.confirm`."""
    return ask_blocking(parameters.confirm(title, text, accept), name).accepted


def message(title: str, text: str = "", *, name: str | None = None) -> None:
    """See `wesktop.dialogs.message`."""
    ask_blocking(parameters.message(title, text), name)


def notify(title: str, body: str = "", *, name: str | None = None) -> bool:
    """See `wesktop.dialogs.notify`."""
    return is_shown_blocking(parameters.notice(title, body), name)
