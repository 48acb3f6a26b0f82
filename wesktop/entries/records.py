"""What was made for each entry, kept so that all of it can be removed, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wesktop.entries.names import entry_id

VERSION = 1


@dataclass(kw_only=True)
class Record:
    """One entry.

    path: what `create_entry` returned. made: every file and bundle. directories: those that had to be made for them.
    defaults: the MIME types whose default it was made (Linux). values, keys: in the registry (Windows).
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
        """The record's file."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1).encode() + b"\n"


def record_path(name: str) -> Path:
    """Where the record of the entry of this name is."""
    return _directory() / f"{entry_id(name)}.json"


def load(name: str) -> Record | None:
    """The record of the entry of this name; None where there is none.

    Raises FileExistsError when its place is another's, whose name differs in case alone, and OSError when it cannot
    be read.
    """
    record = _load(record_path(name))
    if record is not None and record.name != name:
        raise FileExistsError(f"the names {name!r} and {record.name!r} differ in case alone: choose another")
    return record


def load_all() -> list[Record]:
    """The records of all entries, in the order of their names."""
    return sorted(_load_all(), key=lambda record: record.name)


def _load_all() -> Iterator[Record]:
    for path in _directory().glob("*.json"):
        if record := _load(path):
            yield record


def _load(path: Path) -> Record | None:
    try:
        fields: Any = json.loads(path.read_bytes())
        if fields.pop("version") != VERSION:
            raise ValueError(path)
        return Record(**fields)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise OSError(f"{path} does not say what was made for an entry: remove it, and what it stood for") from None


def _directory() -> Path:
    import platformdirs  # late: `import wesktop.entries` is not to wait for it

    try:
        return platformdirs.user_state_path("wesktop", appauthor=False) / "entries"
    except RuntimeError as error:
        raise OSError(f"there is no directory to keep things in ({error}): set HOME") from None
