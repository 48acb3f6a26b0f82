"""What a desktop entry says, checked once for every system."""

import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wesktop.entries.names import entry_id

# Neither the Desktop Entry Specification ("Possible value types") nor XML 1.0 (2.2) has room for control characters
# other than tab, newline and carriage return; lone surrogates cannot be written as UTF-8.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CATEGORY = re.compile(r"[A-Za-z0-9-]+")
_IMAGE_SUFFIXES = {".png", ".svg", ".svgz", ".xpm", ".jpg", ".jpeg", ".ico", ".icns"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked entry.

    The program is an absolute path where it was found, the icon an absolute path or the name of a theme's icon.
    """

    name: str
    arguments: tuple[str, ...]
    icon: Path | str | None
    comment: str
    categories: tuple[str, ...]

    @property
    def id(self) -> str:
        return entry_id(self.name)


def check_entry(
    name: str,
    command: str,
    icon: str | Path | None,
    comment: str | None,
    categories: Sequence[str] | str | None,
) -> Entry:
    """Check what an application asked for; raises ValueError or TypeError as `create_entry` describes."""
    check_name(name)
    _check_text("comment", comment or "")
    return Entry(name, _split(command), _find_icon(icon), comment or "", _check_categories(categories))


def check_name(name: str) -> None:
    """Refuse what cannot name an entry; raises ValueError or TypeError."""
    _check_text("name", name)
    if not name.strip():
        raise ValueError(f"name {name!r} is empty: give the name that the launcher is to show")


def _check_text(what: str, value: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {value!r}")
    if found := _UNWRITABLE.search(value):
        raise ValueError(f"{what} {value!r} contains {found[0]!r}, which no desktop entry can hold: leave it out")


def _split(command: str) -> tuple[str, ...]:
    _check_text("command", command)
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"command {command!r} cannot be split ({error}): build it with shlex.join") from None
    if not arguments or not arguments[0]:
        raise ValueError(f"command {command!r} is empty: give a program and its arguments")
    # A launcher has a PATH and a directory of its own, so the program is found now; it may also be installed later.
    program = shutil.which(arguments[0])
    if program is None and "=" in arguments[0]:
        raise ValueError(
            f"command {command!r} sets a variable, for which there is no shell: use 'env NAME=value program'"
        )
    # Not resolved: a venv's python is a link.
    return (str(Path(program).absolute()) if program else arguments[0], *arguments[1:])


def _find_icon(icon: str | Path | None) -> Path | str | None:
    if icon is None:
        return None
    _check_text("icon", str(icon))
    if isinstance(icon, str) and not _looks_like_file(icon):
        return icon
    path = Path(icon).expanduser().absolute()
    if not path.is_file():
        raise ValueError(f"icon {str(icon)!r} is not a file: give an image's path or the name of a theme's icon")
    return path


def _looks_like_file(icon: str) -> bool:
    return not icon or "/" in icon or "\\" in icon or Path(icon).suffix.lower() in _IMAGE_SUFFIXES


def _check_categories(categories: Sequence[str] | str | None) -> tuple[str, ...]:
    if isinstance(categories, str):  # as the file has them: "Utility;Development;"
        categories = [category for category in categories.split(";") if category]
    for category in categories or ():
        if not _CATEGORY.fullmatch(category):
            raise ValueError(f"category {category!r} must be made of letters, digits and '-', such as 'Utility'")
    return tuple(categories or ())
