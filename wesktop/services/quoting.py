"""Quotes arbitrary values for units: systemd.syntax(7), systemd.service(5), systemd.exec(5).

Line breaks are refused, not escaped, since no app needs them. All functions raise ConfigurationError, which names the
value.
"""

import re
from collections.abc import Iterable

from wesktopd.errors import ConfigurationError
from wesktopd.text import check_utf8

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+~-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_UNSAFE_IN_PROGRAMS = frozenset("\"'\\")
_GLOB = re.compile(r"[*?\[\]\\]")


def check_value(what: str, value: str) -> str:
    """Return the value. Raises ConfigurationError if units and property lists cannot contain it."""
    if _CONTROL.search(value):
        raise ConfigurationError(f"{what} must not contain a line break or another control character: {value!r}.")
    return check_utf8(what, value)


def check_variable(name: str, value: str) -> str:
    """Check an environment variable likewise, without its value in the error: it may be a secret."""
    try:
        return check_value(name, value)
    except ConfigurationError:
        wrong = "has a line break or another control character in its value, or one that is not UTF-8"
        raise ConfigurationError(f"environment variable {name} {wrong}.") from None


def command_line(arguments: Iterable[str]) -> str:
    """Quote arguments for `ExecStart=`. The first is an absolute path, in which $ has no meaning."""
    program, *rest = [check_value("argument", argument) for argument in arguments]
    if not _UNSAFE_IN_PROGRAMS.isdisjoint(program):  # even if quoted (systemd's string_is_safe)
        raise ConfigurationError(f"program path must not contain a quote or a backslash: rename {program!r}.")
    return " ".join([_quoted(program), *(_quoted(argument.replace("$", "$$")) for argument in rest)])


def _quoted(argument: str) -> str:
    """Quote a word: C escapes between double quotes, and `%%` for %, which starts a specifier."""
    argument = argument.replace("%", "%%")
    if _PLAIN.fullmatch(argument.replace("%%", "").replace("$$", "") or "x") and argument:
        return argument
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def assignment(name: str, value: str) -> str:
    """Quote an assignment for `Environment=`, where $ has no meaning."""
    return _quoted(f"{name}={check_variable(name, value)}")


def file_assignment(name: str, value: str) -> str:
    """Return a line of the file of `EnvironmentFile=`: between double quotes, four characters are escaped."""
    escaped = re.sub(r'(["\\`$])', r"\\\1", check_value(f"environment variable {name}:", value))
    return f'{name}="{escaped}"'


def path_line(what: str, path: str) -> str:
    """Escape a path for `WorkingDirectory=`: unquoted up to the end of the line, with specifiers."""
    check_value(what, path)
    if path != path.strip() or path.endswith("\\"):
        raise ConfigurationError(
            f"{what} must not begin or end with a space, or end with a backslash: rename {path!r}."
        )
    return path.replace("%", "%%")


def file_line(what: str, path: str) -> str:
    """Escape a path for `EnvironmentFile=`: likewise, and a pattern of glob(7)."""
    if _GLOB.search(path):
        raise ConfigurationError(f"{what} must not contain any of * ? [ ] \\ in its path: rename {path!r}.")
    return path_line(what, path)


def text_line(what: str, text: str) -> str:
    """Escape a text for `Description=`: unquoted up to the end of the line."""
    text = check_value(what, text).strip()
    if text.endswith("\\"):
        raise ConfigurationError(
            f"{what} must not end with a backslash, which would join it to the next line: {text!r}."
        )
    return text.replace("%", "%%")
