"""The directory of the page's storage, before the toolkit opens it."""

import logging
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from wesktopd.errors import WindowError
from wesktopd.system import private_dir

_EDGE = "EBWebView/Default"  # where WebView2 has Chromium's directories
# What an engine has of earlier answers of whoever was the server: WebKitGTK's names, and Chromium's.
CACHED = (
    "cache",
    "serviceworkers",
    "Service Worker",
    *(f"{_EDGE}/{name}" for name in ("Cache", "Code Cache", "Service Worker")),
)
MARK = "host"  # the file that says which host the storage is for

# WebKitGTK's, in these directories: http_127.0.0.1_8000.localstorage, http_127.0.0.1_8000
_MOVABLE = ("localstorage", "indexeddb/v1")
_NAME = re.compile(r"http_(.+?)(_[0-9]+(?:\..+)?)")
_ADDRESSES = ("127.0.0.1", "localhost", "[%3A%3A1]")
_CHROMIUMS = ("Local Storage", "IndexedDB", f"{_EDGE}/Local Storage", f"{_EDGE}/IndexedDB")

logger = logging.getLogger("wesktop")


def open_storage(storage: str, host: str | None, caches: Iterable[Path] = (), *, shared: bool) -> None:
    """Make the directory for this user alone, which shuts in whatever the toolkit writes there.

    host: the app's own, to which is moved what was stored under another one; None where it has none. shared: another
    window has the directory open. Else the engine's caches, and `caches`, are removed: another server could have left
    something there.

    Raises WindowError when the directory is another user's, or cannot be made.
    """
    try:
        private_dir(storage)
    except OSError as error:
        raise WindowError(f"the window's storage {storage!r} cannot be used: {error.strerror}.") from None
    if shared:
        return
    place = Path(storage)
    for cached in (*(place / name for name in CACHED), *caches):
        shutil.rmtree(cached, ignore_errors=True)
    if host is not None:
        try:
            move_to(place, host)
        except OSError as error:
            logger.warning("what the page has stored so far stays where its page does not find it: %s", error)


def move_to(place: Path, host: str) -> None:
    """Have what pages of a loopback address, or of the host of before, have stored belong to it. Raises OSError."""
    mark = place / MARK
    before = mark.read_text() if mark.exists() else None
    if before == host:
        return
    for source in filter(None, (before, *_ADDRESSES)):  # of two that have the same, the later used
        for old in [old for directory in _MOVABLE for old in (place / directory).glob("http_*")]:
            found = _NAME.fullmatch(old.name)
            if found and found[1] == source:
                new = old.with_name(f"http_{host}{found[2]}")
                if not new.exists():
                    old.rename(new)
    if any((place / name).exists() for name in _CHROMIUMS):
        logger.warning(
            "the page begins without what it has stored so far: its address is http://%s from now on, and what "
            "belongs to another one cannot be moved; it stays in %r.",
            host,
            str(place),
        )
    mark.write_text(host)
