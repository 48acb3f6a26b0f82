"""Creates and removes an entry, completely or not at all, and keeps a record of it. The same on all systems."""

import os
from dataclasses import replace
from pathlib import Path

from wesktop.entries.changes import Changes, remove_empty
from wesktop.entries.entry import Entry
from wesktop.entries.plan import Plan, Platform
from wesktop.entries.records import Record, load, load_all, record_path


def create(entry: Entry, platform: Platform) -> Path:
    """Create an entry, or replace the one of its name; see `create_entry`."""
    old = load(entry.name)
    others = [record for record in load_all(_pass_over) if record.name != entry.name]
    plan = platform.plan(entry)
    _check_free(entry, plan, old, others)
    record = _record(entry, plan, old)
    record.directories = _directories([*plan.paths, record_path(entry.name)], old, others)
    with Changes() as changes:
        _keep(changes, replace(record, made=[*dict.fromkeys([*record.made, *(old.made if old else ())])]))
        _make(changes, plan)
        for path in _left_over(plan, old):
            changes.remove(path)
        if old is not None and old.id != entry.id:
            platform.associate(changes, None, old)
            record.defaults, record.values, record.keys = [], [], []
        platform.associate(changes, entry, record)
        record.directories = [*dict.fromkeys([*record.directories, *map(str, changes.directories)])]
        _keep(changes, record)
    if changes.any:
        platform.refresh(_union(record, old))
    return plan.path


def remove(name: str, platform: Platform) -> bool:
    """Remove everything created for the entry of this name; return whether it existed."""
    record = load(name)
    if record is None:
        return False
    with Changes() as changes:
        platform.associate(changes, None, record)
        for path in record.made:
            changes.remove(Path(path))
        changes.remove(record_path(name))
    platform.refresh(record)
    remove_empty([Path(path) for path in record.directories])
    return True


def _pass_over(_: OSError) -> None:
    """Ignore unreadable records of other entries: existing files are not replaced in any case."""


def _check_free(entry: Entry, plan: Plan, old: Record | None, others: list[Record]) -> None:
    """Raise FileExistsError if a path belongs to another entry or program."""
    for path in plan.paths:
        if old is not None and str(path) in old.made:
            continue
        for other in others:
            if str(path) in other.made:
                raise FileExistsError(
                    f"{path} belongs to the entry {other.name!r}: remove that, or choose another app_id"
                )
        if os.path.lexists(path):
            raise FileExistsError(
                f"{path} exists already, and does not belong to {entry.name!r}: remove it, or choose another name"
            )


def _record(entry: Entry, plan: Plan, old: Record | None) -> Record:
    return Record(
        name=entry.name,
        id=entry.id,
        path=str(plan.path),
        command=[*entry.arguments],
        autostart=entry.autostart,
        mime_types=[*entry.mime_types],
        url_schemes=[*entry.url_schemes],
        made=[str(path) for path in plan.paths],
        defaults=old.defaults if old else [],
        values=old.values if old else [],
        keys=old.keys if old else [],
    )


def _make(changes: Changes, plan: Plan) -> None:
    for bundle in plan.bundles:
        changes.build(bundle.path, bundle.build)
    for file in plan.files:
        changes.write(file.path, file.data, file.mode)


def _left_over(plan: Plan, old: Record | None) -> list[Path]:
    return [path for path in map(Path, old.made if old else ()) if path not in plan.paths]


def _keep(changes: Changes, record: Record) -> None:
    """Write the record: first before anything is created, so that the files of a killed process are known."""
    changes.write(record_path(record.name), record.encode(), 0o600)


def _directories(made: list[Path], old: Record | None, others: list[Record]) -> list[str]:
    """Return the directories to be created for this entry, and those created for others that contain files of this
    one: they are removed with the last entry.
    """
    held = {parent for path in made for parent in path.parents}
    missing = sorted(str(path) for path in held if not path.exists())
    shared = [path for other in others for path in other.directories if Path(path) in held]
    return [*dict.fromkeys([*(old.directories if old else ()), *missing, *shared])]


def _union(record: Record, old: Record | None) -> Record:
    """Return a record of everything that the system must refresh: the new state and the old."""
    if old is None:
        return record
    return replace(
        record,
        made=[*record.made, *old.made],
        mime_types=[*record.mime_types, *old.mime_types],
        url_schemes=[*record.url_schemes, *old.url_schemes],
    )
