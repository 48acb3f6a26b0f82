r"""The bytes of a Windows shortcut.

Written by [MS-SHLLINK] (the file), [MS-PROPSTORE] (its properties) and libfwsi's description of shell items, which
Microsoft has not documented: https://github.com/libyal/libfwsi/blob/main/documentation/Windows%20Shell%20Item%20format.asciidoc

COM's ShellLink would write it too, through pywin32 or PowerShell. Bytes take neither, leave no value to be parsed as
code, and can be read back on any system.
"""

import struct
import uuid
from dataclasses import dataclass
from pathlib import PureWindowsPath

MAX_PATH = 259  # characters; MAX_PATH of 260 counts the final NUL
MAX_ARGUMENTS = 1023  # INFOTIPSIZE of 1024, which IShellLink is documented to take

_LINK = uuid.UUID("00021401-0000-0000-c000-000000000046")
_MY_COMPUTER = uuid.UUID("20d04fe0-3aea-1069-a2d8-08002b30309d")
_APP_USER_MODEL = uuid.UUID("9f4c2855-9f79-4b39-a8d0-e1d42de1d5f3")
_APP_USER_MODEL_ID = 5  # PKEY_AppUserModel_ID, propkey.h

_HAS_ID_LIST, _HAS_NAME, _HAS_WORKING_DIR = 0x01, 0x04, 0x10
_HAS_ARGUMENTS, _HAS_ICON, _IS_UNICODE, _NO_TRACKING = 0x20, 0x40, 0x80, 0x40000
_DIRECTORY, _ARCHIVE = 0x10, 0x20  # file attributes
_SHOW_NORMAL = 1
_EPOCH = struct.pack("<HH", 1 << 5 | 1, 0)  # 1980-01-01 00:00, as MS-DOS has it
_VT_LPWSTR = 0x1F


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    r"""The contents of a shortcut. target: an absolute path on a drive, such as ``C:\x.exe``. arguments: one line."""

    target: str
    arguments: str
    app_id: str
    comment: str = ""
    working_dir: str = ""
    icon: str = ""

    def encode(self) -> bytes:
        """The file's bytes ([MS-SHLLINK] 2)."""
        strings = [
            (_HAS_NAME, self.comment),
            (_HAS_WORKING_DIR, self.working_dir),
            (_HAS_ARGUMENTS, self.arguments),
            (_HAS_ICON, self.icon),
        ]
        flags = _HAS_ID_LIST | _IS_UNICODE | _NO_TRACKING
        for flag, text in strings:
            flags |= flag if text else 0
        return b"".join(
            (
                _header(flags),
                _id_list(self.target),
                *(_string(text) for _, text in strings if text),
                _properties(self.app_id),
                bytes(4),  # TerminalBlock, 2.5
            )
        )


def is_on_drive(path: str) -> bool:
    r"""Return whether a path is absolute and on a drive; a network path (``\\server\share``) takes another form."""
    parts = PureWindowsPath(path)
    return parts.is_absolute() and len(parts.drive) == 2


def _header(flags: int) -> bytes:  # ShellLinkHeader, 2.1
    times_and_size = bytes(8 * 3 + 4)
    return (
        struct.pack("<I16sII", 0x4C, _LINK.bytes_le, flags, _ARCHIVE)
        + times_and_size
        + struct.pack("<iIHHII", 0, _SHOW_NORMAL, 0, 0, 0, 0)
    )


def _id_list(target: str) -> bytes:  # LinkTargetIDList, 2.2
    drive, *directories, file = PureWindowsPath(target).parts
    items = [
        struct.pack("<BB16s", 0x1F, 0x50, _MY_COMPUTER.bytes_le),
        struct.pack("<B22s", 0x2F, drive.encode("ascii")),
        *(_path_item(0x31, name, _DIRECTORY) for name in directories),
        _path_item(0x32, file, _ARCHIVE),
    ]
    listed = b"".join(struct.pack("<H", 2 + len(item)) + item for item in items) + bytes(2)
    return struct.pack("<H", len(listed)) + listed


def _path_item(kind: int, name: str, attributes: int) -> bytes:
    """A directory or a file: its name for old programs, then the whole name in an extension block (0xbeef0004)."""
    short = name.encode("ascii", "replace") + b"\0"
    short += b"\0" * (len(short) % 2)
    head = struct.pack("<BxI4sH", kind, 0, _EPOCH, attributes) + short
    block = struct.pack("<HI4s4sHH", 3, 0xBEEF0004, _EPOCH, _EPOCH, 0x14, 0) + _utf16(name)
    where_it_begins = struct.pack("<H", 2 + len(head))  # within the item, which its own size opens
    return head + struct.pack("<H", 2 + len(block) + 2) + block + where_it_begins


def _string(text: str) -> bytes:  # StringData, 2.4: counted in characters of UTF-16, and not terminated
    encoded = text.encode("utf-16-le")
    return struct.pack("<H", len(encoded) // 2) + encoded


def _properties(app_id: str) -> bytes:  # PropertyStoreDataBlock, 2.5.7, with one property ([MS-PROPSTORE] 2.2, 2.3.2)
    text = _utf16(app_id)
    value = struct.pack("<HHI", _VT_LPWSTR, 0, len(text) // 2) + text
    value += bytes(-len(value) % 4)
    named = struct.pack("<IIB", 4 + 4 + 1 + len(value), _APP_USER_MODEL_ID, 0) + value
    storage = b"1SPS" + _APP_USER_MODEL.bytes_le + named + bytes(4)
    store = struct.pack("<I", 4 + len(storage)) + storage + bytes(4)
    return struct.pack("<II", 8 + len(store), 0xA0000009) + store


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"
