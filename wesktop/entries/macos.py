"""Desktop entries on macOS: an ``.app`` bundle in ``/Applications``, or ``~/Applications`` where that is read-only.

Built from Apple's documentation (Bundle Programming Guide, Information Property List Key Reference); its files are
tested on Linux, the bundle has not been started on a Mac.
"""

import os
import plistlib
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any

from wesktop.entries.entry import Entry
from wesktop.entries.names import entry_id, file_name

_MARK = "WesktopEntry"  # tells our bundles from those of others, which are neither replaced nor removed
_ICON = "icon.icns"


def create(entry: Entry) -> Path:
    """Write the entry's bundle, or replace it; raises FileExistsError when a bundle of that name is not ours."""
    if entry.icon is not None and Path(entry.icon).suffix.lower() != ".icns":
        raise ValueError(f"icon {str(entry.icon)!r} is not an .icns file, the only kind a bundle shows: convert it")
    directory = _directories()[0]
    bundle = directory / f"{file_name(entry.name)}.app"
    if bundle.exists() and not _is_ours(bundle, entry.id):
        raise FileExistsError(f"{bundle} was not made by create_entry: remove it, or choose another name")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".") as scratch:
        made = Path(scratch, "new")
        _write(made, entry)
        if bundle.exists():
            bundle.rename(Path(scratch, "old"))
        made.rename(bundle)
    return bundle


def remove(name: str) -> bool:
    """Remove the entry's bundle when it is ours; whether it was."""
    for directory in _directories():
        bundle = directory / f"{file_name(name)}.app"
        if _is_ours(bundle, entry_id(name)):
            shutil.rmtree(bundle)
            return True
    return False


def info(entry: Entry) -> dict[str, Any]:
    """The bundle's ``Info.plist``. A bundle identifier has no ``_`` (CFBundleIdentifier)."""
    icon = {"CFBundleIconFile": _ICON} if entry.icon is not None else {}
    comment = {"CFBundleGetInfoString": entry.comment} if entry.comment else {}
    return {
        "CFBundleDisplayName": entry.name,
        "CFBundleExecutable": "launch",
        "CFBundleIdentifier": entry.id.replace("_", "-"),
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": entry.name,
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": "1.0",
        "CFBundleVersion": "1",
        "NSHighResolutionCapable": True,
        _MARK: entry.id,
        **icon,
        **comment,
    }


def launcher(entry: Entry) -> str:
    """The shell script that the bundle starts: it becomes the program."""
    return f"#!/bin/sh\nexec {shlex.join(entry.arguments)}\n"


def _directories() -> list[Path]:
    """Where bundles are made (the first) and looked for (all)."""
    shared, own = Path("/Applications"), Path.home() / "Applications"
    return [shared, own] if os.access(shared, os.W_OK) else [own, shared]


def _write(bundle: Path, entry: Entry) -> None:
    programs, resources = bundle / "Contents" / "MacOS", bundle / "Contents" / "Resources"
    programs.mkdir(parents=True)
    resources.mkdir()
    (bundle / "Contents" / "Info.plist").write_bytes(plistlib.dumps(info(entry)))
    launch = programs / "launch"
    launch.write_text(launcher(entry), encoding="utf-8", newline="\n")
    launch.chmod(0o755)
    if entry.icon is not None:
        shutil.copyfile(entry.icon, resources / _ICON)


def _is_ours(bundle: Path, identifier: str) -> bool:
    try:
        properties = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
    except (FileNotFoundError, NotADirectoryError, plistlib.InvalidFileException):
        return False
    return isinstance(properties, dict) and properties.get(_MARK) == identifier
