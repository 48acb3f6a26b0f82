"""Forms: urlencoded (WHATWG URL, section 5) and multipart (RFC 7578), the latter parsed by python-multipart."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Self
from urllib.parse import parse_qsl

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.threads import run_own

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

MAX_IN_MEMORY = 1024 * 1024
"""Size in bytes above which a file is kept on disk."""

MAX_FIELD_SIZE = 1024 * 1024
"""Maximum total size in bytes of a form's fields other than files: they are kept in memory."""

MAX_URLENCODED = 3 * MAX_FIELD_SIZE
"""Maximum size of an urlencoded form in bytes: a character may take three."""

MAX_PART_HEADERS = 8 * 1024
"""Maximum total size of a part's headers in bytes."""

MAX_HEADER_COUNT = 100
"""Maximum number of a part's headers."""

MAX_CONTENT_TYPE = 1024
"""Maximum size of a multipart form's Content-Type in bytes: a boundary has 70 (RFC 2046, section 5.1.1)."""

PIECE = 64 * 1024
"""Bytes of a form parsed at a time: limits are checked between them."""

MAX_FILES = 100
"""Maximum number of files of a form: each may take a file descriptor."""


class Upload:
    """A file of a form. name: given by the client, not to be trusted as a path; content_type: as the client claims.

    file: the content, open at its beginning; size: in bytes.
    """

    __slots__ = ("content_type", "file", "name", "size")

    def __init__(self, name: str, content_type: str) -> None:
        self.name = name
        self.content_type = content_type
        self.file: IO[bytes] = SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115  the form closes it
        self.size = 0

    def read(self) -> bytes:
        """Return the whole content."""
        self.file.seek(0)
        return self.file.read()


class Form:
    """The fields and files of a form, in order. As a context manager, it closes its files at the end."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, Upload]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the first field of this name, or *default*."""
        return next((value for field, value in self.fields if field == name), default)

    def get_list(self, name: str) -> list[str]:
        """Return all fields of this name."""
        return [value for field, value in self.fields if field == name]

    def file(self, name: str) -> Upload | None:
        """Return the first file of this name; None if there is none, or none was chosen."""
        return next((upload for field, upload in self.files if field == name), None)

    def file_list(self, name: str) -> list[Upload]:
        """Return all files of this name."""
        return [upload for field, upload in self.files if field == name]

    def close(self) -> None:
        """Close the files."""
        for _, upload in self.files:
            upload.file.close()


async def read_form(content_type: str, chunks: AsyncIterator[bytes], max_parts: int | None) -> Form:
    """Parse *chunks* as a form. Raises HTTPError (400, 413, 415), and any exception of *chunks*."""
    essence = content_type.partition(";")[0].strip().lower()
    if essence == URLENCODED:
        return await _read_urlencoded(chunks, max_parts)
    if essence == MULTIPART:
        return await _read_multipart(content_type, chunks, max_parts)
    raise HTTPError(415, f"a form is of type {URLENCODED} or {MULTIPART}")


async def _read_urlencoded(chunks: AsyncIterator[bytes], max_parts: int | None) -> Form:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_URLENCODED:
            raise HTTPError(413, "form too large")
    form = Form()
    try:
        # In a thread: three megabytes take a while.
        parse = partial(parse_qsl, keep_blank_values=True, max_num_fields=max_parts)
        form.fields = await run_own(parse, body.decode())
    except UnicodeDecodeError:
        raise HTTPError(400, "form is not UTF-8") from None
    except ValueError:
        raise _too_many() from None
    return form


async def _read_multipart(content_type: str, chunks: AsyncIterator[bytes], max_parts: int | None) -> Form:
    reader = _MultipartReader(content_type, max_parts)
    try:
        async for chunk in chunks:
            # In a thread: it may write to the disk.
            await run_own(reader.feed, chunk)
        return reader.finish()
    except BaseException:
        reader.form.close()
        raise


class _MultipartReader:
    """Builds a form from the events of python-multipart's parser."""

    def __init__(self, content_type: str, max_parts: int | None) -> None:
        try:
            from python_multipart.exceptions import FormParserError
            from python_multipart.multipart import MultipartParser, parse_options_header
        except ModuleNotFoundError:
            from wesktop.extras import install_command

            needed = f"need the package python-multipart: {install_command('forms')}"
            raise RuntimeError(f"multipart forms {needed}") from None
        self._options: Callable[[Any], tuple[bytes, dict[bytes, bytes]]] = parse_options_header
        self._malformed = FormParserError
        if len(content_type) > MAX_CONTENT_TYPE:
            raise HTTPError(400, "multipart form with too long a Content-Type")
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise HTTPError(400, "multipart form without a boundary")
        self.form = Form()
        self._max_parts = max_parts
        self._in_memory = 0
        self._parts = 0
        self._ended = False
        self._parser = self._made(
            MultipartParser,
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def _made(self, kind: Callable[..., Any], boundary: bytes, callbacks: dict[str, Callable[..., None]]) -> Any:
        try:
            # Its own limits are lower than what is promised. It takes what is beyond ours for malformed.
            return kind(boundary, callbacks, max_header_size=MAX_PART_HEADERS, max_header_count=MAX_HEADER_COUNT)
        except self._malformed as error:
            raise HTTPError(400, f"multipart form is malformed: {error}") from None

    def feed(self, chunk: bytes) -> None:
        """Parse a chunk. Raises HTTPError for a malformed form or too many parts."""
        try:
            for start in range(0, len(chunk), PIECE):
                self._parser.write(chunk[start : start + PIECE])
        except self._malformed as error:
            raise HTTPError(400, f"multipart form is malformed: {error}") from None

    def finish(self) -> Form:
        """Return the form. Raises HTTPError if it is incomplete."""
        if not self._ended:
            raise HTTPError(400, "multipart form is cut short")
        return self.form

    # The parser's events.

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._max_parts is not None and self._parts > self._max_parts:
            raise _too_many()
        self._headers: dict[bytes, bytes] = {}
        self._headers_size = 0
        self._field, self._value = bytearray(), bytearray()
        self._data = bytearray()
        self._upload: Upload | None = None

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._take_header(self._field, data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._take_header(self._value, data[start:end])

    def _take_header(self, begun: bytearray, piece: bytes) -> None:
        begun += piece  # in place, however small the pieces are
        self._headers_size += len(piece)
        if self._headers_size > MAX_PART_HEADERS:
            raise HTTPError(413, "headers of a form's part too large")

    def _on_header_end(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field, self._value = bytearray(), bytearray()

    def _on_headers_finished(self) -> None:
        _, options = self._options(self._headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise HTTPError(400, "multipart form is malformed: a part without a name")
        self._name = _as_text(options[b"name"])
        if b"filename" in options:
            content_type = self._headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
            if len(self.form.files) >= MAX_FILES:
                raise HTTPError(413, "too many files")
            self._upload = Upload(_as_text(options[b"filename"]), content_type)
            self.form.files.append((self._name, self._upload))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is not None:
            self._upload.size += self._upload.file.write(data[start:end])
            return
        self._data += data[start:end]
        self._in_memory += end - start
        if self._in_memory > MAX_FIELD_SIZE:
            raise HTTPError(413, "form fields too large")

    def _on_part_end(self) -> None:
        if self._upload is None:
            self.form.fields.append((self._name, _as_text(bytes(self._data))))
            return
        self._upload.file.seek(0)
        if not self._upload.name and not self._upload.size:  # what a browser sends where no file was chosen
            self.form.files.pop()
            self._upload.file.close()

    def _on_end(self) -> None:
        self._ended = True


def _as_text(data: bytes) -> str:
    return data.decode(errors="replace")


def _too_many() -> HTTPError:
    return HTTPError(413, "too many form fields")
