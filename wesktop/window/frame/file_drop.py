"""Files dropped on the window: the page receives their paths, which browsers withhold."""

from collections.abc import Callable, Iterable
from pathlib import PurePath
from urllib.parse import unquote_to_bytes, urlsplit

DROP_EVENT = "wesktop:drop"

# (paths, x, y): of files, and where in the page they were dropped.
Dropped = Callable[[list[str], int, int], None]


def local_paths(urls: Iterable[str]) -> list[str]:
    """The paths of those that are files on this machine (RFC 8089)."""
    paths = []
    for url in urls:
        parts = urlsplit(url.strip())
        if parts.scheme == "file" and parts.netloc in ("", "localhost"):
            path = unquote_to_bytes(parts.path).decode(errors="surrogateescape")
            if "\0" not in path and PurePath(path).is_absolute():
                paths.append(path)
    return paths
