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
    """Put a program into the user's launcher. An entry that was made under the same name is replaced.

    On Linux this is a file ``<id>.desktop`` in ``$XDG_DATA_HOME/applications``, on macOS a bundle ``<name>.app`` in
    ``/Applications`` (``~/Applications`` where that cannot be written), on Windows a shortcut in the Start Menu. All
    of it is made or, where something fails, nothing is changed. What was made is noted in the state directory, for
    `remove_entry`.

    Args:
        name: what the launcher shows. Any text; where it cannot be a file's name, a slug with a hash stands in.
        command: a program and its arguments, split as a POSIX shell splits words on every system, and started
            without a shell: no variables, pipes or patterns. ``shlex.join([sys.executable, "-m", "myapp"])`` is safe.
            The program is looked up now, on PATH, and its absolute path is written; one that is not there yet is
            written as given (Windows needs it to be there).
        icon: one image for every system: PNG, SVG (Linux), ICO or ICNS; what else Pillow reads, and every other size,
            takes ``pip install 'Pillow>=12.3'``. It is copied. On Linux also the name of an icon of the theme.
        comment: one line about the program; no comment by default.
        categories: where the menu sorts it, such as ``["Utility"]`` or ``"Utility;"``, by the freedesktop.org menu
            specification; Linux alone has them.
        app_id: the name that the app runs under (`run(name=...)`, ``wesktop run --name``), by which the desktop tells
            that a window is this entry's; derived from `name` by default.
        working_dir: the directory to start in; the launcher's choice by default. On Windows not that of what
            a link or a file starts.
        autostart: start the program at login too.
        mime_types: what the program opens, such as ``["text/csv"]``. It is offered for them beside others.
        url_schemes: links that lead to the program, such as ``["myapp"]`` for ``myapp://...``.
            What is opened comes to the command as further arguments at its end: a link as a URL, a file as a path or,
            by some launchers where there are schemes too, as a ``file://`` URL. On Windows a ``--`` comes before it.
        actions: more to choose in the launcher: titles and their commands, such as ``{"New note": "myapp --new"}``;
            Linux alone has them.

    Returns:
        The path of what stands for the entry.

    Raises:
        ValueError: a value that is empty, does not exist, or that an entry cannot hold.
        TypeError: a text that is not a string.
        FileExistsError: what would be made is there, and is another entry's or another program's.
        OSError: it could not be written.
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
    """Take away all that `create_entry` made under this name, and nothing else.

    Returns:
        True when it was there, False when there was none; what others made under the name stays.

    Raises:
        ValueError: a name that `create_entry` would refuse.
        TypeError: a name that is not a string.
        OSError: it could not be removed; then nothing was.
    """
    check_name(name)
    return installing.remove(name, platform)


def list_entries(on_error: Callable[[OSError], None] | None = None) -> list[Record]:
    """The entries that were made and not yet removed, in the order of their names.

    Args:
        on_error: is called with the error for each entry whose notes cannot be read, and the others are returned; by
            default the first such error is raised.

    Raises:
        OSError: the notes on them cannot be read.
    """
    return records.load_all(on_error or _raise)


def _raise(error: OSError) -> None:
    raise error
