"""Text that can be passed on."""

import re

from wesktopd.errors import ConfigurationError

_ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")


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
