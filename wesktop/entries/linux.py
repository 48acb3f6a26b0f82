"""Desktop entries on Linux and the BSDs: a ``.desktop`` file in the user's applications directory.

Written by the Desktop Entry Specification 1.5 (https://specifications.freedesktop.org/desktop-entry-spec/1.5/).
``Version=`` says 1.4, the newest that desktop-file-validate of Debian 12 knows; nothing here is newer.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from wesktop.entries.entry import Entry
from wesktop.entries.names import entry_id

_MARK = "X-Wesktop-Entry"  # tells our files from those of others, which are neither replaced nor removed
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")


def create(entry: Entry) -> Path:
    """Write the entry's file, or replace it; raises FileExistsError when a file of that name is not ours."""
    # "=" is ruled out by "The Exec key"; GLib looks for the program before it turns "%%" back into "%".
    if found := re.search("[=%]", entry.arguments[0]):
        raise ValueError(
            f"program {entry.arguments[0]!r} has a {found[0]!r} in its path, with which no launcher finds it: "
            "start it through a link of another name"
        )
    path = _path(entry.name)
    if path.exists() and not _is_ours(path, entry.id):
        raise FileExistsError(f"{path} was not made by create_entry: remove it, or choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(path, render(entry))
    return path


def remove(name: str) -> bool:
    """Remove the entry's file when it is ours; whether it was."""
    path = _path(name)
    if not _is_ours(path, entry_id(name)):
        return False
    path.unlink()
    return True


def render(entry: Entry) -> str:
    """The text of the entry's file."""
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in _fields(entry))


def quote_exec(arguments: Sequence[str]) -> str:
    """A command line by the rules of "The Exec key", before the escaping that every string value gets.

    ``%`` starts a field code and is doubled. Of the characters that must be quoted, four are backslash-escaped too.
    """
    return " ".join(_quote(argument.replace("%", "%%")) for argument in arguments)


def escape(value: str) -> str:
    r"""Escape a value of type string ("Possible value types"): backslash, newline, tab, CR, and a leading space."""
    escaped = value.translate(_ESCAPES)
    return "\\s" + escaped[1:] if escaped.startswith(" ") else escaped


def _fields(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "Type", "Application"
    yield "Version", "1.4"
    yield "Name", escape(entry.name)
    if entry.comment:
        yield "Comment", escape(entry.comment)
    yield "Exec", escape(quote_exec(entry.arguments))
    if entry.icon is not None:
        yield "Icon", escape(str(entry.icon))
    if entry.categories:
        yield "Categories", "".join(f"{category};" for category in entry.categories)
    yield "Terminal", "false"
    yield "StartupWMClass", entry.id
    yield _MARK, entry.id


def _quote(argument: str) -> str:
    if _NEEDS_NO_QUOTES.fullmatch(argument):
        return argument
    return '"' + re.sub(r'(["`$\\])', r"\\\1", argument) + '"'


def _path(name: str) -> Path:
    # XDG Base Directory Specification: a relative path in the variable is to be ignored.
    data_home = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not data_home.is_absolute():
        data_home = Path.home() / ".local" / "share"
    return data_home / "applications" / f"{entry_id(name)}.desktop"


def _is_ours(path: Path, identifier: str) -> bool:
    try:
        return f"\n{_MARK}={identifier}\n".encode() in path.read_bytes()
    except FileNotFoundError:
        return False


def _write_whole(path: Path, text: str) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as scratch:
        made = Path(scratch, "new")
        made.write_text(text, encoding="utf-8", newline="\n")
        made.chmod(0o644)  # whatever the umask: launchers read it, nobody else writes it
        made.replace(path)
