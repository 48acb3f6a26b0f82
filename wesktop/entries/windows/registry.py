r"""The registry entries of links and files that a Windows entry opens: ``HKEY_CURRENT_USER\Software\Classes``.

By Microsoft's "Registering an Application to a URI Scheme" and "File Types: How to Include an Application in the Open
With Dialog Box". Schemes become the app's own; for files it is offered, and the user's choice stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from wesktop.entries.changes import Changes
from wesktop.entries.entry import Entry
from wesktop.entries.file_types import extensions_of
from wesktop.entries.records import Record

ROOT = r"Software\Classes"


@dataclass(frozen=True, slots=True)
class Value:
    r"""A text in the registry. `key` is below `ROOT`; the name ``""`` is the key's default."""

    key: str
    name: str
    data: str


class Registry(Protocol):
    """The part of the registry that is below `ROOT`."""

    def has(self, key: str) -> bool:
        """Return whether there is such a key."""

    def read(self, key: str, name: str) -> str | None:
        """A value; None where there is none."""

    def write(self, key: str, name: str, data: str) -> None:
        """Set a value of a key that exists."""

    def forget(self, key: str, name: str) -> None:
        """Delete a value, which may be gone."""

    def make(self, key: str) -> None:
        """Make a key whose parent exists."""

    def remove_empty(self, key: str) -> bool:
        """Delete a key that has neither keys nor values; whether it was deleted."""


def values(entry: Entry, command: str, icon: str) -> list[Value]:
    """Return the wanted contents of the registry. Raises ValueError for a type whose files have no extension."""
    made = []
    for scheme in entry.url_schemes:
        made += [Value(scheme, "", f"URL:{entry.name}"), Value(scheme, "URL Protocol", "")]
        made += _opened_by(scheme, command, icon)
    if entry.mime_types:
        kind = f"wesktop.{entry.id}"
        made += [Value(kind, "", entry.name), *_opened_by(kind, command, icon)]
        for mime_type in entry.mime_types:
            made += [Value(rf"{name}\OpenWithProgids", kind, "") for name in _extensions(mime_type)]
    return list(dict.fromkeys(made))


def apply(changes: Changes, registry: Registry, wanted: list[Value], schemes: Sequence[str], record: Record) -> None:
    """Put the values in place of those that the record names, and note them there.

    Raises FileExistsError for a scheme that another program has.
    """
    for scheme in schemes:
        if registry.has(scheme) and scheme not in record.keys:
            raise FileExistsError(f"links of {scheme}: are opened by another program: choose another url scheme")
    for key, name in record.values:
        _forget(changes, registry, key, name)
    for value in wanted:
        record.keys = [*record.keys, *_make_keys(changes, registry, value.key)]
        _write(changes, registry, value)
    record.values = [[value.key, value.name] for value in wanted]
    inner_first = sorted(record.keys, key=lambda key: key.count("\\"), reverse=True)
    record.keys = [key for key in inner_first if not _remove_empty(changes, registry, key)]


def _opened_by(key: str, command: str, icon: str) -> list[Value]:
    shown = [Value(rf"{key}\DefaultIcon", "", f"{icon},0")] if icon else []
    return [*shown, Value(rf"{key}\shell\open\command", "", command)]


def _forget(changes: Changes, registry: Registry, key: str, name: str) -> None:
    if (before := registry.read(key, name)) is not None:
        registry.forget(key, name)
        changes.undo_by(lambda: registry.write(key, name, before))


def _write(changes: Changes, registry: Registry, value: Value) -> None:
    before = registry.read(value.key, value.name)
    registry.write(value.key, value.name, value.data)
    if before is None:
        changes.undo_by(lambda: registry.forget(value.key, value.name))
    else:
        changes.undo_by(lambda: registry.write(value.key, value.name, before))


def _make_keys(changes: Changes, registry: Registry, key: str) -> list[str]:
    """Make a key and those above it; what had to be made."""
    parts = key.split("\\")
    missing = [path for n in range(len(parts)) if not registry.has(path := "\\".join(parts[: n + 1]))]
    for path in missing:
        changes.undo_by(partial(registry.remove_empty, path))
        registry.make(path)
    return missing


def _remove_empty(changes: Changes, registry: Registry, key: str) -> bool:
    removed = registry.remove_empty(key)
    if removed:
        changes.undo_by(lambda: registry.make(key))
    return removed


def _extensions(mime_type: str) -> list[str]:
    if not (found := extensions_of(mime_type)):
        raise ValueError(f"mime type {mime_type!r} has no extension, by which Windows goes: leave it out there")
    return found
