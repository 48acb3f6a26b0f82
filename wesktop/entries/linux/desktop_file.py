"""The text of ``.desktop`` files.

Written by the Desktop Entry Specification 1.5 (https://specifications.freedesktop.org/desktop-entry-spec/1.5/).
``Version=`` says 1.4, the newest that desktop-file-validate of Debian 12 knows; nothing here is newer.
"""

import re
from collections.abc import Iterator, Sequence

from wesktop.entries.entry import Action, Entry

SCHEME_HANDLER = "x-scheme-handler/"
"""Before a scheme, the MIME type of its links."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")

Fields = Iterator[tuple[str, str]]


def launcher(entry: Entry, icon: str | None) -> str:
    """The file in the applications directory; `icon` is a path or a name in the theme."""
    text = _group("Desktop Entry", _launcher_fields(entry, icon))
    for key, action in _actions(entry):
        fields = [("Name", escape(action.title)), ("Exec", escape(quote_exec(action.arguments)))]
        text += "\n" + _group(f"Desktop Action {key}", iter(fields))
    return text


def autostart(entry: Entry, icon: str | None) -> str:
    """The file in the autostart directory (Desktop Application Autostart Specification 0.5): nothing is opened."""
    return _group("Desktop Entry", _program_fields(entry, icon))


def mime_types(entry: Entry) -> tuple[str, ...]:
    """All that the entry opens, links too."""
    return (*entry.mime_types, *(f"{SCHEME_HANDLER}{scheme}" for scheme in entry.url_schemes))


def check_program(program: str) -> None:
    """Refuse what no launcher finds: "=" is ruled out by "The Exec key"; GLib looks for the program before it turns
    "%%" back into "%".
    """
    if found := re.search("[=%]", program):
        raise ValueError(
            f"program {program!r} has a {found[0]!r} in its path, with which no launcher finds it: "
            "start it through a link of another name"
        )


def quote_exec(arguments: Sequence[str]) -> str:
    """A command line by the rules of "The Exec key", before the escaping that every string value gets.

    ``%`` starts a field code and is doubled. Of the characters that must be quoted, four are backslash-escaped too.
    """
    return " ".join(_quote(argument.replace("%", "%%")) for argument in arguments)


def escape(value: str) -> str:
    r"""Escape a value of type string ("Possible value types"): backslash, newline, tab, CR, and a leading space."""
    escaped = value.translate(_ESCAPES)
    return "\\s" + escaped[1:] if escaped.startswith(" ") else escaped


def _launcher_fields(entry: Entry, icon: str | None) -> Fields:
    yield from _program_fields(entry, icon, _field_code(entry))
    if entry.categories:
        yield "Categories", _list(entry.categories)
    if entry.opens:
        yield "MimeType", _list(mime_types(entry))
    if entry.actions:
        yield "Actions", _list([key for key, _ in _actions(entry)])


def _program_fields(entry: Entry, icon: str | None, field_code: str = "") -> Fields:
    yield "Type", "Application"
    yield "Version", "1.4"
    yield "Name", escape(entry.name)
    if entry.comment:
        yield "Comment", escape(entry.comment)
    yield "Exec", escape(quote_exec(entry.arguments)) + field_code
    if entry.working_dir is not None:
        yield "Path", escape(str(entry.working_dir))
    if icon is not None:
        yield "Icon", escape(icon)
    yield "Terminal", "false"
    yield "StartupWMClass", entry.id


def _field_code(entry: Entry) -> str:
    """Return the field code for what is opened: a URL, or a path if it can only be a file; one, or several files."""
    if not entry.opens:
        return ""
    code = "u" if entry.url_schemes else "f"
    return f" %{code.upper() if entry.mime_types else code}"


def _actions(entry: Entry) -> list[tuple[str, Action]]:
    return [(f"action-{number}", action) for number, action in enumerate(entry.actions, 1)]


def _group(name: str, fields: Fields) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in fields)


def _list(values: Sequence[str]) -> str:
    return "".join(f"{value};" for value in values)


def _quote(argument: str) -> str:
    if _NEEDS_NO_QUOTES.fullmatch(argument):
        return argument
    return '"' + re.sub(r'(["`$\\])', r"\\\1", argument) + '"'
