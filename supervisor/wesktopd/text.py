"""Text that can be passed on, and shown: it may be others' words."""

import re

from wesktopd.errors import ConfigurationError

_ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")
_COLOUR = r"\x1b\[[0-9;:]*m"
# Besides C0 and C1: line and paragraph separators; what turns the direction of text round, which can make a line read
# as another (UAX #9); and lone surrogates, which cannot be written.
_BEYOND_ASCII = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_UNPRINTABLE = re.compile(rf"[\x00-\x1f{_BEYOND_ASCII}]")
_IN_OUTPUT = re.compile(rf"({_COLOUR})|[\x00-\x08\x0a-\x1f{_BEYOND_ASCII}]")
_IN_JSON = re.compile(rf"[{_BEYOND_ASCII}]")


def check_utf8(what: str, value: str) -> str:
    """Refuse what UTF-8 cannot have, a lone surrogate, as a file's name may hold; raises ConfigurationError."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(f"{what} {value!r} is not UTF-8.") from None
    return value


def sendable(text: str) -> str:
    """The text as JSON and TOML can have it: bytes of a file's name that are not UTF-8 (PEP 383) as in `\\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode()


def sent_path(text: str) -> str:
    """The path that `sendable` has made this of."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def printable(text: str) -> str:
    """Others' text as a part of one line: what is not printable, as in `\\x1b`.

    It must not begin a line of its own in a log, nor move the cursor, rename the terminal or answer in its user's
    place. Nothing is left out.
    """
    return text if text.isprintable() else _UNPRINTABLE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """The same of text that may have several lines: further ones are indented, so that they belong to the first."""
    return "\n  ".join(map(printable, text.split("\n")))


def printable_output(line: str) -> str:
    """The same of a line that a program has printed, whose colours and tabs stay."""
    return line if line.isprintable() else _IN_OUTPUT.sub(lambda found: found[1] or _escape(found), line)


def without_colours(text: str) -> str:
    """The text of a program's output."""
    return re.sub(_COLOUR, "", text)


def printable_json(text: str) -> str:
    """JSON or TOML that says the same, without a character that a terminal would act upon."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(found: "re.Match[str]") -> str:
    return ascii(found[0])[1:-1]
