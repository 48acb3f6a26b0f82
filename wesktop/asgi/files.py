"""A response that is a file on disk."""

import errno
import os
from io import FileIO
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote

from wesktop.asgi.conditional import entity_tag, http_date, is_current
from wesktop.asgi.content_types import content_type_of
from wesktop.asgi.headers import Headers, content_type_header, encode_headers
from wesktop.asgi.responses import Response, check_status, has_content, not_found, start_message
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


class FileResponse(Response):
    """The file *path* as it is when the request is answered; 404 when it is not a readable regular file then.

    Parameters: *content_type*, by the file's suffix unless given; *download_name*, the name under which the browser
    saves the file instead of showing it (default None: it is shown); *headers*, further ones; *status*, 200 unless
    given. With status 200, a GET from a client that has the current version is answered with 304.

    Raises ValueError for a status outside 100..999 or one without content, an empty download name, or a malformed
    content type or header.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        content_type: str | None = None,
        download_name: str | None = None,
        headers: Headers | None = None,
        status: int = 200,
    ) -> None:
        if not has_content(check_status(status)):
            raise ValueError(f"status {status} has no content: return EmptyResponse({status}) instead of a file")
        self.path = Path(path)
        self.content_type = content_type_of(self.path) if content_type is None else content_type
        self.download_name = download_name
        self.headers = headers
        self.status = status
        self._type_header = content_type_header(self.content_type)
        self._raw_headers = encode_headers(headers)
        if download_name is not None:
            self._raw_headers.append((b"content-disposition", content_disposition(download_name).encode("ascii")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = open_file(self.path)
        if file is None:
            await not_found()(scope, receive, send)
            return
        with file:
            await self._send(file, os.fstat(file.fileno()), scope, send)

    async def _send(self, file: FileIO, stat: os.stat_result, scope: Scope, send: Send) -> None:
        etag = entity_tag(stat)
        headers = [
            (b"etag", etag.encode("ascii")),
            (b"last-modified", http_date(stat.st_mtime).encode("ascii")),
            *self._raw_headers,
        ]
        method = scope["method"]
        if self.status == 200 and method in ("GET", "HEAD") and is_current(scope, etag, stat.st_mtime):
            await send(start_message(304, headers))
            await send({"type": "http.response.body", "body": b""})
            return
        length = (b"content-length", b"%d" % stat.st_size)
        await send(start_message(self.status, [self._type_header, length, *headers]))
        if method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif "http.response.pathsend" in (scope.get("extensions") or ()):
            await send({"type": "http.response.pathsend", "path": str(self.path.absolute())})
        else:
            await _send_chunks(file, stat.st_size, send)


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


async def _send_chunks(file: FileIO, remaining: int, send: Send) -> None:
    import asyncio  # late: see wesktop.asgi

    while True:
        chunk = await asyncio.to_thread(file.read, min(CHUNK_SIZE, remaining))
        remaining -= len(chunk)
        if remaining and not chunk:
            raise RuntimeError(f"{file.name!r} became shorter while it was sent")
        await send({"type": "http.response.body", "body": chunk, "more_body": remaining > 0})
        if not remaining:
            return


def content_disposition(download_name: str) -> str:
    """The Content-Disposition that saves a file as *download_name* (RFC 6266, with RFC 8187 for what is not ASCII).

    Raises ValueError when the name is empty.
    """
    if not download_name:
        raise ValueError("download_name is empty: give a file name, or None to have the file shown")
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%/' else "_" for char in download_name)
    extended = "" if plain == download_name else f"; filename*=UTF-8''{quote(download_name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'
