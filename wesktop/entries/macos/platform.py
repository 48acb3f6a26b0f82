"""Desktop entries on macOS: an ``.app`` bundle in ``/Applications``, or ``~/Applications`` where that is read-only.

Its files are tested on Linux; the bundle has not been started on a Mac.
"""

import contextlib
import os
import plistlib
import subprocess
from pathlib import Path

from wesktop.entries.changes import Changes
from wesktop.entries.entry import Entry
from wesktop.entries.icons import icns, read_icon
from wesktop.entries.macos import bundle
from wesktop.entries.names import file_name
from wesktop.entries.ownership import OTHERS_WRITE
from wesktop.entries.plan import Bundle, File, Plan
from wesktop.entries.records import Record

COMMAND_TIMEOUT = 60.0  # seconds
_REGISTER = "/System/Library/Frameworks/CoreServices.framework/Frameworks/LaunchServices.framework/Support/lsregister"


def plan(entry: Entry) -> Plan:
    """The bundle, and the agent that starts it at login. Raises ValueError for an icon that cannot be shown."""
    icon = _icon(entry)
    path = _directory() / f"{file_name(entry.name)}.app"
    files = []
    if entry.autostart:
        agents = Path.home() / "Library" / "LaunchAgents"
        files.append(File(agents / f"{bundle.agent_label(entry)}.plist", bundle.agent(entry)))
    return Plan(path, files, [Bundle(path, lambda place: _build(place, entry, icon))])


def associate(changes: Changes, entry: Entry | None, record: Record) -> None:
    """The bundle says itself what it opens."""


def refresh(record: Record) -> None:
    """Have Launch Services read the bundle now; it would find it by itself, if later."""
    if Path(record.path).exists() and Path(_REGISTER).exists():
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([_REGISTER, "-f", record.path], check=False, capture_output=True, timeout=COMMAND_TIMEOUT)


def _icon(entry: Entry) -> bytes | None:
    if entry.icon is None:
        return None
    if not isinstance(entry.icon, Path):
        raise ValueError(f"icon {entry.icon!r} names one of a theme, and macOS has none: give an image's path")
    return icns(read_icon(entry.icon))


def _directory() -> Path:
    shared = Path("/Applications")
    return shared if os.access(shared, os.W_OK) else Path.home() / "Applications"


def _build(place: Path, entry: Entry, icon: bytes | None) -> None:
    contents = place / "Contents"
    if entry.opens:
        _run("osacompile", "-o", str(place), "-e", bundle.APPLET)
        launcher = contents / "Resources" / bundle.LAUNCHER
    else:
        launcher = contents / "MacOS" / bundle.LAUNCHER
        launcher.parent.mkdir(parents=True)
        (contents / "Resources").mkdir()
    launcher.write_text(bundle.launcher(entry), encoding="utf-8", newline="\n")
    launcher.chmod(0o755)
    if icon is not None:
        (contents / "Resources" / bundle.ICON).write_bytes(icon)
    _write_info(contents / "Info.plist", entry)
    _withhold_from_others(place)
    if entry.opens:  # the compiler's signature no longer fits; on Apple silicon nothing runs without one
        _run("codesign", "--force", "--sign", "-", str(place))


def _withhold_from_others(place: Path) -> None:
    """Make the bundle writable for its owner only, whatever the umask: it is a program."""
    for path in (place, *place.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~OTHERS_WRITE)


def _write_info(path: Path, entry: Entry) -> None:
    written = plistlib.loads(path.read_bytes()) if path.exists() else {}
    if entry.icon is not None:
        written.pop("CFBundleIconName", None)  # the compiler's own, which would go before the file
    path.write_bytes(plistlib.dumps({**written, **bundle.info(entry)}))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=COMMAND_TIMEOUT)
    if done.returncode:
        raise OSError(f"{command[0]} could not make the bundle: {done.stderr.strip()}")
