"""Entries in the launcher of the operating system: made by `create_entry`, removed by `remove_entry`.

The rooms `linux`, `macos` and `windows` plan the files of an entry on each system; `installing` carries a plan out,
and keeps a record of it. Imports nothing of ours but the names of packages (wesktop.extras).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from wesktop.entries import installing, records
from wesktop.entries.entry import check_entry, check_name
from wesktop.entries.records import Record

if sys.platform == "win32":
    from wesktop.entries.windows import platform
elif sys.platform == "darwin":
    from wesktop.entries.macos import platform
else:
    from wesktop.entries.linux import platform

__all__ = ["create_entry", "remove_entry", "list_entries"]


def create_entry(
    name: str,
    command: str,
    *,
    icon: str | Path | None = None,
    comment: str | None = None,
    categories: Sequence[str] | str | None = None,
    app_id: str | None = None,
    working_dir: str | Path | None = None,
    autostart: bool = False,
    mime_types: Sequence[str] | None = None,
    url_schemes: Sequence[str] | None = None,
    actions: Mapping[str, str] | None = None,
) -> Path:
    """Create an entry in the user's launcher, or replace the one of this name.

    On Linux this is a file ``<id>.desktop`` in ``$XDG_DATA_HOME/applications``, on macOS a bundle ``<name>.app`` in
    ``/Applications`` (``~/Applications`` if that is not writable), on Windows a shortcut in the Start Menu. If
    something fails, nothing is changed. A record of what was created is kept in the state directory, for
    `remove_entry`.

    Args:
        name: the name shown by the launcher. Any text; if it cannot be a file name, that is a slug with a hash.
        command: a program and its arguments, split as a POSIX shell splits words on every system, and started
            without a shell: no variables, pipes or patterns. ``shlex.join([sys.executable, "-m", "myapp"])`` is safe.
            The program is looked up now, on PATH, and its absolute path is written; a missing one is written as given
            (on Windows it must exist).
        icon: an image: PNG, SVG (Linux), ICO or ICNS; other formats and scaling need
            ``pip install 'Pillow>=12.3'``. It is copied. On Linux also the name of an icon of the theme.
        comment: a description of one line; none by default.
        categories: its menu categories, such as ``["Utility"]`` or ``"Utility;"``, by the freedesktop.org menu
            specification; Linux only.
        app_id: the name under which the app runs (`run(name=...)`, ``wesktop run --name``), by which the desktop
            assigns windows to this entry; derived from `name` by default.
        working_dir: the directory to start in; the launcher's choice by default. On Windows not used when a link or
            a file starts the program.
        autostart: also start the program at login.
        mime_types: file types that the program opens, such as ``["text/csv"]``; offered next to others.
        url_schemes: URL schemes that the program opens, such as ``["myapp"]`` for ``myapp://...``.
            Opened links and files are appended to the command: a link as a URL, a file as a path or, by some
            launchers if there are also schemes, as a ``file://`` URL. On Windows ``--`` precedes it.
        actions: further actions in the launcher's menu: titles and their commands, such as
            ``{"New note": "myapp --new"}``; Linux only.

    Returns:
        The path of the entry: its desktop file, bundle or shortcut.

    Raises:
        ValueError: a value is empty, does not exist, or cannot be stored in an entry.
        TypeError: a text is not a string.
        FileExistsError: a file to be created exists, and belongs to another entry or program.
        OSError: a file could not be written.
    """
    entry = check_entry(
        name,
        command,
        icon=icon,
        comment=comment,
        categories=categories,
        app_id=app_id,
        working_dir=working_dir,
        autostart=autostart,
        mime_types=mime_types,
        url_schemes=url_schemes,
        actions=actions,
    )
    return installing.create(entry, platform)


def remove_entry(name: str) -> bool:
    """Remove everything that `create_entry` created under this name, and nothing else.

    Returns:
        True if it existed, else False; files created by others under the name are kept.

    Raises:
        ValueError: `create_entry` would refuse the name.
        TypeError: the name is not a string.
        OSError: it could not be removed; nothing was changed.
    """
    check_name(name)
    return installing.remove(name, platform)


def list_entries(on_error: Callable[[OSError], None] | None = None) -> list[Record]:
    """Return the existing entries, sorted by name.

    Args:
        on_error: called with the error for each entry whose record cannot be read, and the others are returned; by
            default the first such error is raised.

    Raises:
        OSError: the records cannot be read.
    """
    return records.load_all(on_error or _raise)


def _raise(error: OSError) -> None:
    raise error
