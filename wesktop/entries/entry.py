"""The values of a desktop entry, checked once for all systems."""

import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from wesktop.entries.names import MAX_ID, entry_id, is_id

# Neither the Desktop Entry Specification ("Possible value types") nor XML 1.0 (2.2) allows control characters
# other than tab, newline and carriage return; lone surrogates cannot be written as UTF-8.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CATEGORY = re.compile(r"[A-Za-z0-9-]+")
_IMAGE_SUFFIXES = {".png", ".svg", ".svgz", ".xpm", ".jpg", ".jpeg", ".ico", ".icns"}
_MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")  # RFC 6838, 4.2
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,62}")  # RFC 3986, 3.1
_BROWSERS = {"about", "blob", "data", "file", "ftp", "http", "https", "javascript", "ws", "wss"}
"""Schemes of the web browser, which an entry must not take over."""


@dataclass(frozen=True, slots=True)
class Action:
    """A further action in the launcher's menu: its title and command."""

    title: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A checked entry.

    The program is an absolute path if it was found, the icon an absolute path or the name of a theme's icon.
    """

    name: str
    id: str
    arguments: tuple[str, ...]
    icon: Path | str | None = None
    comment: str = ""
    categories: tuple[str, ...] = ()
    working_dir: Path | None = None
    autostart: bool = False
    mime_types: tuple[str, ...] = ()
    url_schemes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def opens(self) -> bool:
        """True if files or links are passed to the command."""
        return bool(self.mime_types or self.url_schemes)


def check_entry(
    name: str,
    command: str,
    *,
    icon: str | Path | None = None,
    comment: str | None = None,
    categories: Sequence[str] | str | None = None,
    app_id: str | None = None,
    working_dir: str | Path | None = None,
    autostart: bool = False,
    mime_types: Sequence[str] | None = None,
    url_schemes: Sequence[str] | None = None,
    actions: Mapping[str, str] | None = None,
) -> Entry:
    """Check the arguments of `create_entry`; raises ValueError or TypeError as described there."""
    check_name(name)
    comment = "" if comment is None else comment
    _check_text("comment", comment)
    return Entry(
        name=name,
        id=_check_id(name, app_id),
        arguments=_split("command", command),
        icon=_find_icon(icon),
        comment=comment,
        categories=_check_categories(categories),
        working_dir=_check_directory(working_dir),
        autostart=_check_autostart(autostart),
        mime_types=_check_words("mime_types", mime_types, _check_mime_type),
        url_schemes=_check_words("url_schemes", url_schemes, _check_scheme),
        actions=_check_actions(actions),
    )


def check_name(name: str) -> None:
    """Check the name of an entry; raises ValueError or TypeError."""
    _check_filled("name", name)


def _check_text(what: str, value: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {value!r}")
    if found := _UNWRITABLE.search(value):
        raise ValueError(f"{what} must not contain {found[0]!r}, which desktop entries cannot hold: {value!r}")


def _check_filled(what: str, value: str) -> None:
    _check_text(what, value)
    if not value.strip():
        raise ValueError(f"{what} must not be empty, as {value!r} is: give the text for the launcher")


def _check_id(name: str, app_id: str | None) -> str:
    if app_id is None:
        return entry_id(name)
    _check_text("app_id", app_id)
    if not is_id(app_id):
        raise ValueError(
            f"app_id must be the app's name, at most {MAX_ID} letters, digits, '.', '_' and '-', not {app_id!r}"
        )
    return app_id


def _split(what: str, command: str) -> tuple[str, ...]:
    _check_text(what, command)
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"{what} {command!r} cannot be split ({error}): build it with shlex.join") from None
    if not arguments or not arguments[0]:
        raise ValueError(f"{what} must name a program and its arguments, not {command!r}")
    # A launcher has a PATH and a directory of its own, so the program is found now; it may also be installed later.
    program = shutil.which(arguments[0])
    if program is None and "=" in arguments[0]:
        raise ValueError(
            f"{what} {command!r} must not set a variable, as there is no shell: use 'env NAME=value program'"
        )
    # Not resolved: a venv's python is a link.
    return (str(Path(program).absolute()) if program else arguments[0], *arguments[1:])


def _check_path(what: str, value: object) -> None:
    if not isinstance(value, str | PurePath):
        raise TypeError(f"{what} must be a string or a Path, not {value!r}")
    _check_text(what, str(value))


def _find_icon(icon: str | Path | None) -> Path | str | None:
    if icon is None:
        return None
    _check_path("icon", icon)
    if isinstance(icon, str) and not _looks_like_file(icon):
        return icon
    path = Path(icon).expanduser().absolute()
    if not path.is_file():
        raise ValueError(f"icon {str(icon)!r} is not a file: give an image's path or the name of a theme's icon")
    return path


def _looks_like_file(icon: str) -> bool:
    return not icon or "/" in icon or "\\" in icon or Path(icon).suffix.lower() in _IMAGE_SUFFIXES


def _check_categories(given: Sequence[str] | str | None) -> tuple[str, ...]:
    if isinstance(given, str):  # as the file has them: "Utility;Development;"
        given = [category for category in given.split(";") if category]
    categories = _listed("categories", given)
    for category in categories:
        _check_text("category", category)
        if not _CATEGORY.fullmatch(category):
            raise ValueError(f"category {category!r} must be made of letters, digits and '-', such as 'Utility'")
    return categories


def _listed(what: str, values: object) -> tuple[str, ...]:
    """Return the items of a list, none for None; raises TypeError for anything else."""
    if isinstance(values, str) or not isinstance(values, Iterable | None):
        raise TypeError(f"{what} must be a list, not {values!r}: put it into brackets")
    return () if values is None else tuple(values)


def _check_directory(working_dir: str | Path | None) -> Path | None:
    if working_dir is None:
        return None
    _check_path("working_dir", working_dir)
    path = Path(working_dir).expanduser().absolute()
    if not path.is_dir():
        raise ValueError(f"working_dir {str(working_dir)!r} is not a directory: give the one to start in")
    return path


def _check_words(what: str, values: Sequence[str] | None, check: Callable[[str], str]) -> tuple[str, ...]:
    checked = []
    for value in _listed(what, values):
        _check_text(what, value)
        checked.append(check(value.lower()))
    return tuple(dict.fromkeys(checked))


def _check_mime_type(value: str) -> str:
    if not _MIME_TYPE.fullmatch(value):
        raise ValueError(f"mime type {value!r} is not of the form type/subtype, such as 'text/csv'")
    if value.startswith("x-scheme-handler/"):
        raise ValueError(f"mime type {value!r} stands for links: give the scheme in url_schemes")
    return value


def _check_scheme(value: str) -> str:
    if not _SCHEME.fullmatch(value):
        raise ValueError(f"url scheme {value!r} must be a word of letters, digits, '+', '.' and '-', such as 'myapp'")
    if value in _BROWSERS:
        raise ValueError(f"url scheme {value!r} is the web browser's: choose one of the app's own, such as 'myapp'")
    return value


def _check_autostart(value: bool) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"autostart must be True or False, not {value!r}")
    return value


def _check_actions(actions: Mapping[str, str] | None) -> tuple[Action, ...]:
    if actions is not None and not isinstance(actions, Mapping):
        raise TypeError(f"actions must be a dict of titles and commands, not {actions!r}")
    return tuple(_check_action(title, line) for title, line in (actions or {}).items())


def _check_action(title: str, command: str) -> Action:
    _check_filled("action", title)
    return Action(title, _split(f"command of the action {title!r}", command))
