"""A response that is a file on disk."""

import errno
import os
from io import FileIO
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote

from wesktop.asgi.bodies import ANSWERED, Body, body_of
from wesktop.asgi.conditional import entity_tag, http_date
from wesktop.asgi.content_types import content_type_of
from wesktop.asgi.cookies import Cookies
from wesktop.asgi.errors import HTTPError, NothingSentError, phrase
from wesktop.asgi.headers import Headers, RawHeaders, content_type_header
from wesktop.asgi.limits import SCOPE_KEY
from wesktop.asgi.parameters import check_type
from wesktop.asgi.representation import Part, Representation, select, whole
from wesktop.asgi.responses import Response, allow, check_status, error_response, has_content, start_message
from wesktop.asgi.sending import send_within, write_timeout
from wesktop.asgi.types import Receive, Scope, Send

CHUNK_SIZE = 64 * 1024
"""How much of a file is read and sent at a time, in bytes, where the server cannot send files itself."""

# What opening a file fails with because of its path: any other failure (no descriptors left) is the server's own.
_NO_SUCH_FILE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EINVAL,
}


def check_readable(scope: Scope) -> None:
    """Raise HTTPError 405 for a method by which a file is not read."""
    if scope["method"] not in ("GET", "HEAD"):
        raise HTTPError(405, headers=allow(("GET", "HEAD")))


class FileResponse(Response):
    """The file *path* as it is when the request is answered; 404 when it is not a readable regular file then.

    Parameters: *content_type*, by the file's suffix unless given; *download_name*, the name under which the browser
    saves the file instead of showing it (default None: it is shown); *headers*, further ones; *status*, 200 unless
    given; *cookies*, to be set. With status 200 a client that has the current version is answered with 304, and one
    that asks for a range with 206 (RFC 9110, sections 13 and 14).

    Raises ValueError for a status outside 100..999 or one without content, an empty download name, or a malformed
    content type or header, and TypeError for what is no path, or a value of another type.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        content_type: str | None = None,
        download_name: str | None = None,
        headers: Headers | None = None,
        status: int = 200,
        cookies: Cookies | None = None,
    ) -> None:
        if not has_content(check_status(status)):
            raise ValueError(f"status {status} has no content: return EmptyResponse({status}) instead of a file")
        super().__init__(status, headers, cookies)
        check_type("path", path, str, os.PathLike)
        for what, text in (("content_type", content_type), ("download_name", download_name)):
            if text is not None:
                check_type(what, text, str)
        self.path = Path(path)
        self.content_type = content_type_of(self.path) if content_type is None else content_type
        self.download_name = download_name
        self._type_header = content_type_header(self.content_type)
        if download_name is not None and not any(name == b"content-disposition" for name, _ in self._raw_headers):
            self._raw_headers.append((b"content-disposition", content_disposition(download_name).encode("ascii")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = open_file(self.path)
        if file is None:
            if SCOPE_KEY in scope:  # an app answers errors in its own way
                raise NothingSentError(404)
            await error_response(404, phrase(404))(scope, receive, send)
            return
        with file:
            found = describe(os.fstat(file.fileno()), self._type_header, self._raw_headers)
            selects = self.status == 200 and scope["method"] in ("GET", "HEAD")
            part = select(found, scope) if selects else whole(found, self.status)
            await send_part(file, part, found, scope, receive, send)


def describe(
    stat: os.stat_result, content_type: tuple[bytes, bytes], headers: RawHeaders, coding: str = ""
) -> Representation:
    """The version of a file that this is."""
    etag = entity_tag(stat, coding)
    validators = [
        (b"etag", etag.encode("ascii")),
        (b"last-modified", http_date(stat.st_mtime).encode("ascii")),
        (b"accept-ranges", b"bytes"),
    ]
    given = {name for name, _ in headers}
    ours = [header for header in validators if header[0] not in given]
    return Representation(stat.st_size, etag, stat.st_mtime, content_type, [*ours, *headers])


async def send_part(
    file: FileIO, part: Part, found: Representation, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send what a request is to get of an open file."""
    await send(start_message(part.status, part.headers))
    if scope["method"] == "HEAD" or part.start == part.stop:
        await send({"type": "http.response.body", "body": b""})
    elif part.stop - part.start == found.size and "http.response.pathsend" in (scope.get("extensions") or ()):
        await send({"type": "http.response.pathsend", "path": os.path.abspath(file.name)})  # noqa: PTH100
    else:
        body = body_of(scope, receive)
        try:
            await _send_chunks(file, part, body, send, write_timeout(scope))
        finally:
            body.close(ANSWERED)


def open_file(path: Path) -> FileIO | None:
    """Open the regular file *path*, or return None; on the loop, as it takes 5 us and a thread 50."""
    try:
        # Asked first, as merely opening a FIFO blocks and opening a device may do something.
        return FileIO(path) if S_ISREG(path.stat().st_mode) else None
    except ValueError:  # a NUL, or a character that no file name can have
        return None
    except OSError as error:
        if error.errno in _NO_SUCH_FILE:
            return None
        raise


async def _send_chunks(file: FileIO, part: Part, body: Body, send: Send, seconds: float | None) -> None:
    file.seek(part.start)
    remaining = part.stop - part.start
    body.listen_to_client()  # granian's send() goes on without an error when the client is gone
    while remaining and body.end is None:
        chunk = await _read(file, min(CHUNK_SIZE, remaining))
        remaining -= len(chunk)
        if remaining and not chunk:
            raise RuntimeError(f"{file.name!r} became shorter while it was sent")
        await send_within(send, {"type": "http.response.body", "body": chunk, "more_body": remaining > 0}, seconds)


async def _read(file: FileIO, size: int) -> bytes:
    import asyncio  # late: see wesktop.asgi

    reading = asyncio.ensure_future(asyncio.to_thread(file.read, size))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        # The thread goes on: closed under its hands, the descriptor might be another file's by the time it reads.
        await asyncio.wait((reading,))
        raise


def content_disposition(download_name: str) -> str:
    """The Content-Disposition that saves a file as *download_name* (RFC 6266, with RFC 8187 for what is not ASCII).

    Raises ValueError when the name is empty.
    """
    if not download_name:
        raise ValueError("download_name is empty: give a file name, or None to have the file shown")
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%/' else "_" for char in download_name)
    extended = (
        "" if plain == download_name else f"; filename*=UTF-8''{quote(download_name, safe='', errors='replace')}"
    )
    return f'attachment; filename="{plain}"{extended}'
