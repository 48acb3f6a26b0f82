"""Paths of the app's own that come from outside: of links, launches, menus and the command line."""

import re

from wesktopd.errors import ConfigurationError
from wesktopd.guard.tokens import MAX_PATH


def local_path(path: str) -> str:
    """A path that cannot lead to another server or another path, or split a header; "/" instead of one that could."""
    # Browsers take a backslash for a slash, and two of them for another host's beginning (WHATWG URL, 4.4).
    leads_away = not path.startswith("/") or path[1:2] in ("/", "\\")
    return "/" if leads_away or not all(" " < char <= "~" for char in path) or has_dot_segment(path) else path


def has_dot_segment(path: str) -> bool:
    """Return whether a part of the path leads elsewhere in a browser or the app: "." or "..", however quoted.

    Browsers resolve "/notes/../danger" before they ask, and "%2e%2e" too (WHATWG URL, 4.1); servers decode "..%2f".
    """
    if "." not in path and "%" not in path:
        return False
    from urllib.parse import unquote  # late: a page may wait for this

    plain = unquote(re.split(r"[?#]", path, maxsplit=1)[0])
    return any(segment in (".", "..") for segment in re.split(r"[/\\]", plain))


def check_path(path: str) -> None:
    """Refuse a path that leads elsewhere, or is too long; raises ConfigurationError."""
    if local_path(path) != path:
        how = "begin it with one slash, have no '.' or '..' between slashes, and quote spaces and what is not ASCII"
        raise ConfigurationError(f"path must be one of the app's, not {path!r}: {how}, as in '/a%20b'.")
    if len(path) > MAX_PATH:
        raise ConfigurationError(f"a path of {len(path)} characters is too long for a link: {MAX_PATH} are allowed.")
