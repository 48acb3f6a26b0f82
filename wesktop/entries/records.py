"""Records of what was created for each entry, so that exactly that can be removed."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wesktop.entries.names import entry_id
from wesktop.entries.ownership import check_directory, check_file

VERSION = 1

_CURE = "remove it and what it stood for, then make the entry anew"


@dataclass(kw_only=True)
class Record:
    """One entry.

    path: the result of `create_entry`. made: all files and bundles. directories: those created for them.
    defaults: the MIME types for which it became the default (Linux). values, keys: in the registry (Windows).
    """

    name: str
    id: str
    path: str
    command: list[str]
    autostart: bool = False
    mime_types: list[str] = field(default_factory=list)
    url_schemes: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    values: list[list[str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def encode(self) -> bytes:
        """Return the content of the record's file."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1).encode() + b"\n"


def record_path(name: str) -> Path:
    """Return the path of an entry's record."""
    return _directory() / f"{entry_id(name)}.json"


def load(name: str) -> Record | None:
    """Return the record of the entry of this name, or None.

    Raises FileExistsError if another entry's name differs only in case, and OSError if the record cannot be read.
    """
    try:
        record = _load(record_path(name))
    except FileNotFoundError:
        return None
    if record.name != name:
        raise FileExistsError(f"the names {name!r} and {record.name!r} differ in case alone: choose another")
    return record


def load_all(on_error: Callable[[OSError], None]) -> list[Record]:
    """Return the records of all entries, sorted by name; call *on_error* for each that cannot be read.

    Raises OSError if their directory cannot be read.
    """
    return sorted(_load_all(on_error), key=lambda record: record.name)


def _load_all(on_error: Callable[[OSError], None]) -> Iterator[Record]:
    try:
        paths = sorted(path for path in _directory().iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return
    for path in paths:
        try:
            yield _load(path)
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError as error:
            on_error(error)


def _load(path: Path) -> Record:
    import msgspec  # late, like platformdirs

    try:
        fields: Any = json.loads(_read(path))
        if fields.pop("version") != VERSION:
            raise ValueError(path)
        return msgspec.convert(vars(Record(**fields)), Record)  # for the fields' types
    except FileNotFoundError:
        raise
    except OSError as error:
        raise type(error)(f"{path} cannot be read ({error.strerror}): {_CURE}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise OSError(f"{path} does not say what was made for an entry: {_CURE}") from None


def _read(path: Path) -> bytes:
    """Read a record. It decides what is removed, so it must not be another user's."""
    with path.open("rb") as file:
        check_file(os.fstat(file.fileno()))
        return file.read()


def _directory() -> Path:
    import platformdirs  # late: `import wesktop.entries` must not wait for it

    try:
        return check_directory(platformdirs.user_state_path("wesktop", appauthor=False) / "entries")
    except RuntimeError as error:
        raise OSError(f"there is no directory to keep things in ({error}): set HOME") from None
