"""What is to be made for an entry, as each system's module plans it."""

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
    """A directory to be made by `build`, which is given a path to make it at."""

    path: Path
    build: Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be made. `path` is what stands for the entry."""

    path: Path
    files: list[File] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)

    @property
    def paths(self) -> list[Path]:
        """Where it is made."""
        return [*(file.path for file in self.files), *(bundle.path for bundle in self.bundles)]


class Platform(Protocol):
    """A system: one module each."""

    def plan(self, entry: Entry) -> Plan:
        """Plan the files of an entry; raises ValueError for what the system cannot hold. Changes nothing."""

    def associate(self, changes: Changes, entry: Entry | None, record: Record) -> None:
        """Have what the entry opens lead to it, and note in the record what was made; with None, take that back."""

    def refresh(self, record: Record) -> None:
        """Tell the system that something has changed. Does not fail."""
