"""Entries in the launcher of the operating system: made by `create_entry`, taken away by `remove_entry`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from wesktop.entries.entry import check_entry, check_name

if sys.platform == "win32":
    from wesktop.entries import windows as platform
elif sys.platform == "darwin":
    from wesktop.entries import macos as platform
else:
    from wesktop.entries import linux as platform

__all__ = ["create_entry", "remove_entry"]


def create_entry(
    name: str,
    command: str,
    *,
    icon: str | Path | None = None,
    comment: str | None = None,
    categories: Sequence[str] | str | None = None,
) -> Path:
    """Put a program into the user's launcher. An entry that this function made under the same name is replaced.

    On Linux this is a file ``<id>.desktop`` in ``$XDG_DATA_HOME/applications``, on macOS a bundle ``<name>.app`` in
    ``/Applications`` (``~/Applications`` where that cannot be written), on Windows a shortcut in the Start Menu,
    where any shortcut of that name is replaced. It is written whole or not at all.

    Args:
        name: what the launcher shows. Any text; where it cannot be a file's name, a slug with a hash stands in.
        command: a program and its arguments, split as a POSIX shell splits words on every system, and started
            without a shell: no variables, pipes or patterns. ``shlex.join([sys.executable, "-m", "myapp"])`` is safe.
            The program is looked up now, on PATH, and its absolute path is written; one that is not there yet is
            written as given.
        icon: an image file, which must exist (macOS: ``.icns``; Windows: ``.ico``), or on Linux the name of an icon
            of the theme.
        comment: one line about the program; no comment by default.
        categories: where the menu sorts it, such as ``["Utility"]`` or ``"Utility;"``, by the freedesktop.org menu
            specification; Linux alone has them.

    Returns:
        The path of what was made.

    Raises:
        ValueError: a name or command that is empty, an icon that does not exist, a category or character that an
            entry cannot hold.
        TypeError: a text that is not a string.
        FileExistsError: a file of that name exists that this function did not make (Linux, macOS).
        OSError: it could not be written.
    """
    return platform.create(check_entry(name, command, icon, comment, categories))


def remove_entry(name: str) -> bool:
    """Take away what `create_entry` made under this name.

    Returns:
        True when it was there, False when there was none; what others made under the name stays (Linux, macOS).

    Raises:
        ValueError: a name that `create_entry` would refuse.
        TypeError: a name that is not a string.
        OSError: it could not be removed.
    """
    check_name(name)
    return platform.remove(name)
