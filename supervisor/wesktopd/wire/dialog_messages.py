"""The dialogs and notifications that a window can show, as messages. No I/O."""

import msgspec


class FileType(msgspec.Struct):
    """Files that a dialog offers. patterns: as in ["*.png", "*.jpg"]."""

    name: str
    patterns: tuple[str, ...]


class Question(msgspec.Struct, kw_only=True, tag_field="kind", tag=str.lower):
    """Any question; title: of its dialog."""

    title: str = ""


class Open(Question):
    """Which files to open; several: whether there may be more than one. directory: where to begin."""

    several: bool = False
    directory: str = ""
    types: tuple[FileType, ...] = ()


class Save(Question):
    """Where to save a file. file_name: that is proposed."""

    directory: str = ""
    file_name: str = ""
    types: tuple[FileType, ...] = ()


class Folder(Question):
    """Which directory to take."""

    directory: str = ""


class Confirm(Question):
    """Whether to do something. accept: what the button says that does it, "" for the system's word."""

    text: str = ""
    accept: str = ""


class Tell(Question):
    """Something to read, and one button."""

    text: str = ""


class Notice(Question):
    """A notification; it is answered as soon as it is shown."""

    body: str = ""


Dialog = Open | Save | Folder | Confirm | Tell
Any = Dialog | Notice


def read(question: object) -> Any:
    """Return the question that a message has; raises ValueError for one of a kind that is not known."""
    known: Any = msgspec.convert(question, Any)
    return known
