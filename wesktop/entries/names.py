"""From an entry's name, which may be any text, to identifiers and file names that are safe and never collide."""

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
    """The identifier of an entry: letters, digits, ``.``, ``_`` and ``-``, at most 48 of them.

    A name that is such a word already is its own identifier, so the window class of an app and its desktop entry
    agree. Any other becomes a slug with a hash of the name, as does a name that looks like one of those: this is
    what keeps two names from meeting.
    """
    return name if is_id(name) and not _HASHED.fullmatch(name) else _hashed(name)


def is_id(text: str) -> bool:
    """Whether a text can be an identifier; the names of apps are those too (`wesktopd.spec`)."""
    return _PLAIN.fullmatch(text) is not None


def bundle_id(identifier: str) -> str:
    """The identifier on macOS, where ``_`` has no place in one (CFBundleIdentifier)."""
    return identifier if "_" not in identifier else _hashed(identifier)


def file_name(name: str) -> str:
    """The file name on macOS and Windows, whose launchers show it: the name where that is possible, else a slug."""
    unsafe = _UNSAFE_IN_FILES.search(name) or _RESERVED.fullmatch(name) or _HASHED.fullmatch(name)
    return _hashed(name) if unsafe or len(name.encode()) > MAX_FILE_NAME else name


def _hashed(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[: MAX_ID - 11].strip("-")
    return f"{slug or 'app'}-{digest}"
