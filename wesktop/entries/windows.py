"""Desktop entries on Windows: a shortcut in the user's Start Menu.

PowerShell writes it through the COM object WScript.Shell. The script is fixed and takes its values from environment
variables, so no value is ever parsed as code. Built from Microsoft's documentation: what is given to PowerShell is
tested on Linux, the script has not been run on Windows.
"""

import base64
import os
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from wesktop.entries.entry import Entry
from wesktop.entries.names import file_name

MAX_COMMENT = 259  # characters: a shortcut's description is a buffer of MAX_PATH (260) with the final NUL

SCRIPT = """\
$ErrorActionPreference = 'Stop'
$shortcut = (New-Object -ComObject WScript.Shell).CreateShortcut($env:WESKTOP_ENTRY_PATH)
$shortcut.TargetPath = $env:WESKTOP_ENTRY_PROGRAM
$shortcut.Arguments = $env:WESKTOP_ENTRY_ARGUMENTS
$shortcut.Description = $env:WESKTOP_ENTRY_COMMENT
if ($env:WESKTOP_ENTRY_ICON) { $shortcut.IconLocation = $env:WESKTOP_ENTRY_ICON + ',0' }
$shortcut.Save()
"""


def create(entry: Entry) -> Path:
    """Write the entry's shortcut, or replace it; raises OSError with PowerShell's words when it fails."""
    _check(entry)
    path = _path(entry.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # WScript.Shell saves to ANSI paths only, so it gets a plain name; the rename also makes the writing atomic.
    temporary = path.with_name(f"wesktop-{uuid.uuid4().hex}.lnk")
    try:
        _run_powershell({**os.environ, **variables(entry, temporary)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def remove(name: str) -> bool:
    """Remove the entry's shortcut; whether there was one."""
    try:
        _path(name).unlink()
    except FileNotFoundError:
        return False
    return True


def command_line() -> list[str]:
    """PowerShell with the fixed script, which -EncodedCommand takes as base64 of UTF-16LE."""
    encoded = base64.b64encode(SCRIPT.encode("utf-16-le")).decode("ascii")
    return ["powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]


def variables(entry: Entry, path: Path) -> dict[str, str]:
    """What the script reads from its environment. Arguments are quoted as the C runtime splits them."""
    return {
        "WESKTOP_ENTRY_PATH": str(path),
        "WESKTOP_ENTRY_PROGRAM": entry.arguments[0],
        "WESKTOP_ENTRY_ARGUMENTS": subprocess.list2cmdline(entry.arguments[1:]),
        "WESKTOP_ENTRY_COMMENT": entry.comment,
        "WESKTOP_ENTRY_ICON": "" if entry.icon is None else str(entry.icon),
    }


def _check(entry: Entry) -> None:
    if entry.icon is not None and Path(entry.icon).suffix.lower() != ".ico":
        raise ValueError(f"icon {str(entry.icon)!r} is not an .ico file, the only kind a shortcut shows: convert it")
    if len(entry.comment) > MAX_COMMENT:
        raise ValueError(f"comment has {len(entry.comment)} characters, a shortcut holds {MAX_COMMENT}: shorten it")


def _path(name: str) -> Path:
    import platformdirs

    roaming = platformdirs.user_data_path(appauthor=False, roaming=True)
    return roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs" / f"{file_name(name)}.lnk"


def _run_powershell(environment: Mapping[str, str]) -> None:
    result = subprocess.run(command_line(), env=environment, capture_output=True, text=True, errors="replace")
    if result.returncode:
        raise OSError(f"PowerShell could not write the shortcut: {result.stderr.strip()}")
