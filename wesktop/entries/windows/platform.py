"""Desktop entries on Windows: shortcuts in the user's Start Menu and Startup folder, and what leads links to the app.

The shortcuts' bytes are read back on Linux, and are followed by Wine; nothing here has been run on Windows.
"""

import subprocess
import sys
import uuid
from pathlib import Path

from wesktop.entries.changes import Changes
from wesktop.entries.entry import Entry
from wesktop.entries.icons import ico, read_icon
from wesktop.entries.names import file_name
from wesktop.entries.plan import File, Plan
from wesktop.entries.records import Record
from wesktop.entries.windows import registry
from wesktop.entries.windows.shortcut import MAX_ARGUMENTS, MAX_PATH, Shortcut, is_on_drive

END_OF_OPTIONS = "--"  # POSIX.1, XBD 12.2, guideline 10
_PROGRAMS = "a77f5d77-2e2b-44c3-a6a2-aba601054a51"  # FOLDERID_Programs, knownfolders.h
_STARTUP = "b97d20bb-f46a-4c97-ba10-5e3608430854"  # FOLDERID_Startup
_ASSOCIATIONS_CHANGED = 0x08000000  # SHCNE_ASSOCCHANGED, shlobj_core.h


def plan(entry: Entry) -> Plan:
    """The shortcuts and the icon. Raises ValueError for what they cannot hold."""
    icon = _icon(entry)
    data = shortcut(entry, icon.path if icon else None).encode()
    _check_command(entry)
    programs = _known_folder(_PROGRAMS) or _roaming() / "Microsoft" / "Windows" / "Start Menu" / "Programs"
    path = programs / f"{file_name(entry.name)}.lnk"
    files = [File(path, data)]
    if icon is not None:
        files.insert(0, icon)
    if entry.autostart:
        files.append(File((_known_folder(_STARTUP) or programs / "Startup") / path.name, data))
    return Plan(path, files)


def shortcut(entry: Entry, icon: Path | None) -> Shortcut:
    """Return the shortcut. Arguments are quoted as the C runtime splits them. Raises ValueError for what is too
    long, or no path of this system.
    """
    program, *arguments = entry.arguments
    if not is_on_drive(program):
        raise ValueError(rf"program {program!r} was not found on a drive: give a path such as 'C:\app\app.exe'")
    made = Shortcut(
        target=program,
        arguments=subprocess.list2cmdline(arguments),
        app_id=entry.id,
        comment=entry.comment,
        working_dir=str(entry.working_dir or ""),
        icon=str(icon or ""),
    )
    for what, text, most in (
        ("program", made.target, MAX_PATH),
        ("comment", made.comment, MAX_PATH),
        ("working_dir", made.working_dir, MAX_PATH),
        ("arguments", made.arguments, MAX_ARGUMENTS),
    ):
        if len(text) > most:
            raise ValueError(f"{what} has {len(text)} characters, a shortcut holds {most}: shorten it")
    return made


def opening_command(entry: Entry) -> str:
    """Return the command line for the registry, in which ``%1`` stands for what is opened.

    Windows inserts a link as it is: a quote in it ends the argument, and the rest becomes further arguments. They all
    come after a ``--``, so that none of them is an option.
    """
    ending = () if entry.arguments[-1] == END_OF_OPTIONS else (END_OF_OPTIONS,)
    return f'{subprocess.list2cmdline((*entry.arguments, *ending))} "%1"'


def associate(changes: Changes, entry: Entry | None, record: Record) -> None:
    """Have links and files lead to the app; with None, take back what was made."""
    if sys.platform == "win32" and (record.values or record.keys or (entry is not None and entry.opens)):
        from wesktop.entries.windows.user_classes import UserClasses

        registry.apply(changes, UserClasses(), _values(entry), entry.url_schemes if entry else (), record)


def refresh(record: Record) -> None:
    """Have the Explorer look again at what opens what."""
    if sys.platform == "win32" and (record.url_schemes or record.mime_types):
        import ctypes

        ctypes.windll.shell32.SHChangeNotify(_ASSOCIATIONS_CHANGED, 0, None, None)


def _values(entry: Entry | None) -> list[registry.Value]:
    if entry is None or not entry.opens:
        return []
    icon = _icon_path(entry) if entry.icon is not None else ""
    return registry.values(entry, opening_command(entry), str(icon))


def _check_command(entry: Entry) -> None:
    if not entry.opens:
        return
    if marked := [argument for argument in entry.arguments if "%" in argument]:
        raise ValueError(f"argument {marked[0]!r} has a '%', which Windows replaces where files or links are opened")
    _values(entry)  # raises for a type that cannot be


def _icon(entry: Entry) -> File | None:
    if entry.icon is None:
        return None
    if not isinstance(entry.icon, Path):
        raise ValueError(f"icon {entry.icon!r} names one of a theme, and Windows has none: give an image's path")
    return File(_icon_path(entry), ico(read_icon(entry.icon)))


def _icon_path(entry: Entry) -> Path:
    import platformdirs

    return platformdirs.user_data_path("wesktop", appauthor=False) / "icons" / f"{entry.id}.ico"


def _roaming() -> Path:
    import platformdirs

    return platformdirs.user_data_path(appauthor=False, roaming=True)


def _known_folder(identifier: str) -> Path | None:
    """Return the user's folder of this kind; None if it is unknown."""
    path = Path()
    if sys.platform == "win32":
        import ctypes

        folder = (ctypes.c_byte * 16).from_buffer_copy(uuid.UUID(identifier).bytes_le)
        found = ctypes.c_wchar_p()
        if ctypes.windll.shell32.SHGetKnownFolderPath(ctypes.byref(folder), 0, None, ctypes.byref(found)) == 0:
            path = Path(found.value or "")
            ctypes.windll.ole32.CoTaskMemFree(ctypes.cast(found, ctypes.c_void_p))
    return path if path.is_absolute() else None
