"""From the parameters of dialogs to questions, and from answers to what is returned. No I/O."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.text import check_utf8
from wesktopd.wire import dialog_messages as questions
from wesktopd.wire.window_messages import Answered

MAX_TEXT = 4000  # characters: of more, a dialog would not fit the screen
MAX_TYPES = 50

_PATTERN = re.compile(r"\*(\.(\w+|\*))*")  # what all desktops understand: *, *.png, *.tar.gz, *.*


def open_files(
    title: str, directory: str | Path, types: Mapping[str, Sequence[str]] | None, *, several: bool
) -> questions.Open:
    """A question. Raises ConfigurationError, as all here."""
    return questions.Open(
        title=_text("title", title), directory=_directory(directory), types=_types(types), several=several
    )


def save(
    title: str, directory: str | Path, file_name: str, types: Mapping[str, Sequence[str]] | None
) -> questions.Save:
    """A question."""
    proposed = _text("file_name", file_name)
    if "/" in proposed or os.sep in proposed:
        raise ConfigurationError(f"file_name {file_name!r} is a path: give its directory with directory=.")
    return questions.Save(
        title=_text("title", title), directory=_directory(directory), file_name=proposed, types=_types(types)
    )


def folder(title: str, directory: str | Path) -> questions.Folder:
    """A question."""
    return questions.Folder(title=_text("title", title), directory=_directory(directory))


def confirm(title: str, text: str, accept: str) -> questions.Confirm:
    """A question."""
    _check_says_something(title, text)
    return questions.Confirm(title=_text("title", title), text=_text("text", text), accept=_text("accept", accept))


def message(title: str, text: str) -> questions.Tell:
    """Something to read."""
    _check_says_something(title, text)
    return questions.Tell(title=_text("title", title), text=_text("text", text))


def notice(title: str, body: str) -> questions.Notice:
    """A notification; one without a title is refused, as the desktop would."""
    if not title:
        raise ConfigurationError("title is empty: a notification has one.")
    return questions.Notice(title=_text("title", title), body=_text("body", body))


def first(answer: Answered) -> Path | None:
    """The file that was chosen."""
    return Path(answer.paths[0]) if answer.paths else None


def all_of(answer: Answered) -> list[Path]:
    """The files that were chosen."""
    return [Path(path) for path in answer.paths]


def _check_says_something(title: str, text: str) -> None:
    if title == text == "":
        raise ConfigurationError("title and text are empty: say what the dialog is about.")


def _text(option: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{option} {value!r} is of type {type(value).__name__}, not str.")
    if "\0" in value:
        raise ConfigurationError(f"{option} {value!r} has a NUL in it, which no desktop shows.")
    if len(value) > MAX_TEXT:
        raise ConfigurationError(f"{option} is {len(value):,} characters long: give at most {MAX_TEXT:,}.")
    return check_utf8(option, value)


def _directory(directory: object) -> str:
    if not isinstance(directory, str | os.PathLike):
        raise ConfigurationError(f"directory {directory!r} is of type {type(directory).__name__}, not str or Path.")
    path = os.fspath(directory)
    return _text("directory", os.path.abspath(path)) if path else ""  # noqa: PTH100  the window is elsewhere


def _types(types: object) -> tuple[questions.FileType, ...]:
    if types is None:
        return ()
    if not isinstance(types, Mapping) or len(types) > MAX_TYPES:
        raise ConfigurationError(
            f'types {types!r} does not fit: give at most {MAX_TYPES}, as in {{"Images": ["*.png", "*.jpg"]}}.'
        )
    return tuple(_type(name, patterns) for name, patterns in types.items())


def _type(name: object, patterns: object) -> questions.FileType:
    if name == "":
        raise ConfigurationError(f"types: the name for {patterns!r} is empty: give one such as 'Images'.")
    given = patterns if isinstance(patterns, list | tuple) else ()
    if not given or not all(isinstance(pattern, str) and _PATTERN.fullmatch(pattern) for pattern in given):
        raise ConfigurationError(f'types: {patterns!r} for {name!r} does not fit: give a list as in ["*.png", "*"].')
    return questions.FileType(_text("types", name), tuple(given))
