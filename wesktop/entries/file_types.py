"""The file name extensions of MIME types, for systems that open files by extension."""

import mimetypes


def extensions_of(mime_type: str) -> list[str]:
    """Return the extensions of a type, with their dots, by Python's own table."""
    return mimetypes.MimeTypes().guess_all_extensions(mime_type, strict=False)
