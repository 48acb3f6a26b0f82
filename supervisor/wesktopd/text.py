"""Text that can be passed on."""

from wesktopd.errors import ConfigurationError


def check_utf8(what: str, value: str) -> str:
    """Refuse what UTF-8 cannot have, a lone surrogate, as a file's name may hold; raises ConfigurationError."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(f"{what} {value!r} is not UTF-8.") from None
    return value
