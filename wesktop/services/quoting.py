"""Values as they stand in a unit, whatever is in them: systemd.syntax(7), systemd.service(5), systemd.exec(5).

A unit is lines: what would end one is refused, not escaped, since no app has a use for it. All raise
ConfigurationError, which names the value.
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
    """Refuse what no unit and no property list can hold."""
    if _CONTROL.search(value):
        raise ConfigurationError(f"{what} {value!r} has a line break or another control character in it.")
    return check_utf8(what, value)


def check_variable(name: str, value: str) -> str:
    """The same of an environment variable, whose value is not told: it may be a secret."""
    try:
        return check_value(name, value)
    except ConfigurationError:
        wrong = "has a line break or another control character in its value, or one that is not UTF-8"
        raise ConfigurationError(f"environment variable {name} {wrong}.") from None


def command_line(arguments: Iterable[str]) -> str:
    """`ExecStart=`: each argument comes out as it is. The first is an absolute path, in which a $ has no meaning."""
    program, *rest = [check_value("argument", argument) for argument in arguments]
    if not _UNSAFE_IN_PROGRAMS.isdisjoint(program):  # however they are quoted (systemd's string_is_safe)
        raise ConfigurationError(f"the program {program!r} has a quote or a backslash in its path: rename it.")
    return " ".join([_quoted(program), *(_quoted(argument.replace("$", "$$")) for argument in rest)])


def _quoted(argument: str) -> str:
    """A word: C escapes between double quotes, and `%%` for the % of a specifier."""
    argument = argument.replace("%", "%%")
    if _PLAIN.fullmatch(argument.replace("%%", "").replace("$$", "") or "x") and argument:
        return argument
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def assignment(name: str, value: str) -> str:
    """`Environment=`: one assignment; a $ has no meaning there."""
    return _quoted(f"{name}={check_variable(name, value)}")


def file_assignment(name: str, value: str) -> str:
    """Return a line of the file of `EnvironmentFile=`: between double quotes, four characters are escaped."""
    escaped = re.sub(r'(["\\`$])', r"\\\1", check_value(f"environment variable {name}:", value))
    return f'{name}="{escaped}"'


def path_line(what: str, path: str) -> str:
    """`WorkingDirectory=`: a path to the line's end, unquoted, with specifiers."""
    check_value(what, path)
    if path != path.strip() or path.endswith("\\"):
        raise ConfigurationError(f"{what} {path!r} ends with a space or a backslash: rename it.")
    return path.replace("%", "%%")


def file_line(what: str, path: str) -> str:
    """`EnvironmentFile=`: likewise, and a pattern of glob(7)."""
    if _GLOB.search(path):
        raise ConfigurationError(f"{what} {path!r} has one of * ? [ ] \\ in its path: rename it.")
    return path_line(what, path)


def text_line(what: str, text: str) -> str:
    """`Description=`: any text to the line's end."""
    text = check_value(what, text).strip()
    if text.endswith("\\"):
        raise ConfigurationError(f"{what} {text!r} ends with a backslash, which would join it to the next line.")
    return text.replace("%", "%%")
