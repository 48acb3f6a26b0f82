"""The file types of a dialog as each toolkit wants them. No I/O."""

from wesktopd.wire.dialog_messages import FileType


def any_case(pattern: str) -> str:
    """Return a pattern that matches in either case, as in "*.[pP][nN][gG]": GTK's are case-sensitive."""
    return "".join(
        f"[{char.lower()}{char.upper()}]" if char.isalpha() and len(char.lower() + char.upper()) == 2 else char
        for char in pattern
    )


def name_filter(kind: FileType) -> str:
    """For Qt: "Images (*.png *.jpg)", without what it would misread in the name."""
    name = kind.name.replace("(", "[").replace(")", "]").replace(";", ",")
    return f"{name} ({' '.join(kind.patterns)})"


def pywebview_types(types: tuple[FileType, ...]) -> tuple[str, ...]:
    """For pywebview: "Images (*.png;*.jpg)", with nothing but letters and digits in the name."""
    found = []
    for kind in types:
        name = "".join(char if char.isalnum() or char in " _" else " " for char in kind.name)
        found.append(f"{name.strip() or 'Files'} ({';'.join(kind.patterns)})")
    return tuple(found)
