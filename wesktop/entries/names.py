"""Turns an entry's name, any text, into safe identifiers and file names that never collide."""

import hashlib
import re

MAX_ID = 48
MAX_FILE_NAME = 120  # bytes; file systems take 255, of which suffixes and temporary names need some

_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_ID - 1}}}")
_HASHED = re.compile(r".*-[0-9a-f]{10}", re.DOTALL)

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file; macOS adds nothing to the list.
_UNSAFE_IN_FILES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|^[. ]|[. ]$')
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)


def entry_id(name: str) -> str:
    """Return the identifier of an entry: letters, digits, ``.``, ``_`` and ``-``, at most 48 of them.

    A name of this form is its own identifier, so that the window class of an app and its desktop entry agree. Any
    other becomes a slug with a hash of the name, as does a name that looks like such a slug, so that no two names
    have the same identifier.
    """
    return name if is_id(name) and not _HASHED.fullmatch(name) else _hashed(name)


def is_id(text: str) -> bool:
    """Return whether a text can be an identifier; the same rule holds for the names of apps (`wesktopd.spec`)."""
    return _PLAIN.fullmatch(text) is not None


def bundle_id(identifier: str) -> str:
    """Return the identifier for macOS, which does not allow ``_`` (CFBundleIdentifier)."""
    return identifier if "_" not in identifier else _hashed(identifier)


def file_name(name: str) -> str:
    """Return the file name for macOS and Windows, whose launchers show it: the name if possible, else a slug."""
    unsafe = _UNSAFE_IN_FILES.search(name) or _RESERVED.fullmatch(name) or _HASHED.fullmatch(name)
    return _hashed(name) if unsafe or len(name.encode()) > MAX_FILE_NAME else name


def _hashed(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[: MAX_ID - 11].strip("-")
    return f"{slug or 'app'}-{digest}"
