"""The dialogs and notifications that a window can show, as messages. No I/O."""

import msgspec


class FileType(msgspec.Struct):
    """A file type offered by a dialog. patterns: as in ["*.png", "*.jpg"]."""

    name: str
    patterns: tuple[str, ...]


class Question(msgspec.Struct, kw_only=True, tag_field="kind", tag=str.lower):
    """Base of all dialogs. title: of the dialog."""

    title: str = ""


class Open(Question):
    """Choose files to open. several: allow more than one. directory: shown first."""

    several: bool = False
    directory: str = ""
    types: tuple[FileType, ...] = ()


class Save(Question):
    """Choose where to save a file. file_name: proposed name."""

    directory: str = ""
    file_name: str = ""
    types: tuple[FileType, ...] = ()


class Folder(Question):
    """Choose a directory."""

    directory: str = ""


class Confirm(Question):
    """Confirm an action. accept: label of the confirming button; "" is the desktop's."""

    text: str = ""
    accept: str = ""


class Tell(Question):
    """A text with one button."""

    text: str = ""


class Notice(Question):
    """A notification; answered as soon as it is shown."""

    body: str = ""


Dialog = Open | Save | Folder | Confirm | Tell
Any = Dialog | Notice


def read(question: object) -> Any:
    """Decode a dialog from a message. Raises ValueError for an unknown kind."""
    known: Any = msgspec.convert(question, Any)
    return known
