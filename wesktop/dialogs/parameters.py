"""Convert the parameters of dialogs to messages, and answers to return values. No I/O."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.text import check_utf8
from wesktopd.wire import dialog_messages
from wesktopd.wire.window_messages import Answered

MAX_TEXT = 4000  # characters; a dialog with more would not fit the screen
MAX_TYPES = 50

_PATTERN = re.compile(r"\*(\.(\w+|\*))*")  # understood by all desktops: *, *.png, *.tar.gz, *.*


def open_files(
    title: str, directory: str | Path, types: Mapping[str, Sequence[str]] | None, *, several: bool
) -> dialog_messages.Open:
    """Return the message for `open_file` and `open_files`. Raises ConfigurationError, as all functions here do."""
    return dialog_messages.Open(
        title=_text("title", title), directory=_directory(directory), types=_types(types), several=several
    )


def save(
    title: str, directory: str | Path, file_name: str, types: Mapping[str, Sequence[str]] | None
) -> dialog_messages.Save:
    """Return the message for `save_file`."""
    proposed = _text("file_name", file_name)
    if "/" in proposed or os.sep in proposed:
        raise ConfigurationError(
            f"file_name must not be a path, as {file_name!r} is: give its directory as directory=."
        )
    return dialog_messages.Save(
        title=_text("title", title), directory=_directory(directory), file_name=proposed, types=_types(types)
    )


def folder(title: str, directory: str | Path) -> dialog_messages.Folder:
    """Return the message for `choose_folder`."""
    return dialog_messages.Folder(title=_text("title", title), directory=_directory(directory))


def confirm(title: str, text: str, accept: str) -> dialog_messages.Confirm:
    """Return the message for `confirm`."""
    _check_not_empty(title, text)
    return dialog_messages.Confirm(
        title=_text("title", title), text=_text("text", text), accept=_text("accept", accept)
    )


def message(title: str, text: str) -> dialog_messages.Tell:
    """Return the message for `message`."""
    _check_not_empty(title, text)
    return dialog_messages.Tell(title=_text("title", title), text=_text("text", text))


def notice(title: str, body: str) -> dialog_messages.Notice:
    """Return the message for `notify`; the title must not be empty, as desktops refuse such a notification."""
    if not title:
        raise ConfigurationError("title must not be empty: a notification needs one.")
    return dialog_messages.Notice(title=_text("title", title), body=_text("body", body))


def first(answer: Answered) -> Path | None:
    """Return the chosen file; None if there is none."""
    return Path(answer.paths[0]) if answer.paths else None


def all_of(answer: Answered) -> list[Path]:
    """Return the chosen files."""
    return [Path(path) for path in answer.paths]


def _check_not_empty(title: str, text: str) -> None:
    if title == text == "":
        raise ConfigurationError("title and text must not both be empty: say what the dialog is about.")


def _text(option: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{option} must be a str, not {value!r}.")
    if "\0" in value:
        raise ConfigurationError(f"{option} must not contain NUL, which desktops cannot show: {value!r}.")
    if len(value) > MAX_TEXT:
        raise ConfigurationError(f"{option} must have at most {MAX_TEXT:,} characters, not {len(value):,}.")
    return check_utf8(option, value)


def _directory(directory: object) -> str:
    if not isinstance(directory, str | os.PathLike):
        raise ConfigurationError(f"directory must be a str or Path, not {directory!r}.")
    path = os.fspath(directory)
    return _text("directory", os.path.abspath(path)) if path else ""  # noqa: PTH100  the window's process has another working directory


def _types(types: object) -> tuple[dialog_messages.FileType, ...]:
    if types is None:
        return ()
    if not isinstance(types, Mapping) or len(types) > MAX_TYPES:
        raise ConfigurationError(
            f'types must have at most {MAX_TYPES} entries like {{"Images": ["*.png", "*.jpg"]}}, not {types!r}.'
        )
    return tuple(_type(name, patterns) for name, patterns in types.items())


def _type(name: object, patterns: object) -> dialog_messages.FileType:
    if name == "":
        raise ConfigurationError(f"types: the name for {patterns!r} must not be empty: give one such as 'Images'.")
    given = patterns if isinstance(patterns, list | tuple) else ()
    if not given or not all(isinstance(pattern, str) and _PATTERN.fullmatch(pattern) for pattern in given):
        raise ConfigurationError(f'types: {name!r} must be a list of patterns like ["*.png"], not {patterns!r}.')
    return dialog_messages.FileType(_text("types", name), tuple(given))
