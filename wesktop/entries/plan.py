"""The plan of an entry's files, and the contract of each system's module."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wesktop.entries.changes import Changes
from wesktop.entries.entry import Entry
from wesktop.entries.records import Record


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written."""

    path: Path
    data: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Bundle:
    """A directory to be created by `build`, which gets a path for it."""

    path: Path
    build: Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to be created. path: that of the entry."""

    path: Path
    files: list[File] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)

    @property
    def paths(self) -> list[Path]:
        """The paths to be created."""
        return [*(file.path for file in self.files), *(bundle.path for bundle in self.bundles)]


class Platform(Protocol):
    """The contract of a system's `platform` module."""

    def plan(self, entry: Entry) -> Plan:
        """Plan the files of an entry; changes nothing. Raises ValueError for an unsupported value."""

    def associate(self, changes: Changes, entry: Entry | None, record: Record) -> None:
        """Associate the entry with its file types and links, and note that in the record; with None, undo it."""

    def refresh(self, record: Record) -> None:
        """Notify the system of changes. Never raises."""
