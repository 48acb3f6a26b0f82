"""The response that sends a file from disk."""

import os
from io import FileIO
from pathlib import Path
from urllib.parse import quote

from wesktop.asgi.errors import HTTPError, NothingSentError, phrase
from wesktop.asgi.files.opening import open_file
from wesktop.asgi.files.reading import CHUNK_SIZE, read_chunk
from wesktop.asgi.files.representation import Representation, SelectedResponse, select, whole
from wesktop.asgi.http.conditional import entity_tag, http_date
from wesktop.asgi.http.content_types import content_type_of
from wesktop.asgi.http.cookies import Cookies
from wesktop.asgi.http.headers import Headers, RawHeaders, content_type_header
from wesktop.asgi.limits import SCOPE_KEY
from wesktop.asgi.parameters import check_type
from wesktop.asgi.receiving.body import ANSWERED, Body, body_of
from wesktop.asgi.responses import Response, allow, check_status, error_response, has_content, start_message
from wesktop.asgi.timeouts import send_with_timeout, write_timeout
from wesktop.asgi.types import Receive, Scope, Send

SENT_UNCHECKED = 4 * CHUNK_SIZE
"""Bytes sent before listening for a disconnect: servers buffer as much anyway."""


def check_readable(scope: Scope) -> None:
    """Raise HTTPError 405 for methods other than GET and HEAD."""
    if scope["method"] not in ("GET", "HEAD"):
        raise HTTPError(405, headers=allow(("GET", "HEAD")))


class FileResponse(Response):
    """The file *path* as it is when the request is answered; 404 if it is not a readable regular file then.

    Parameters: *content_type*, by default from the file's suffix; *download_name*, the name under which the browser
    saves the file instead of showing it (default None: it is shown); *headers*, additional ones; *status*, 200 by
    default; *cookies*, to be set. With status 200 a client that has the current version is answered with 304, and one
    that asks for a range with 206 (RFC 9110, sections 13 and 14).

    Raises ValueError for a status outside 100..999 or one without content, an empty download name, or a malformed
    content type or header, and TypeError for a value of another type.
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
        file = self._open()
        if file is None:
            if SCOPE_KEY in scope:  # an app answers errors in its own way
                raise NothingSentError(404)
            await error_response(404, phrase(404))(scope, receive, send)
            return
        with file:
            found = describe(os.fstat(file.fileno()), self._type_header, self._raw_headers)
            selects = self.status == 200 and scope["method"] in ("GET", "HEAD")
            selected = select(found, scope) if selects else whole(found, self.status)
            await send(start_message(selected.status, selected.headers))
            await _send_selected(file, selected, scope, receive, send)

    def _open(self) -> FileIO | None:
        """Open the file, from which headers and content are taken. None if there is none."""
        return open_file(self.path)


def describe(
    stat: os.stat_result, content_type: tuple[bytes, bytes], headers: RawHeaders, coding: str = ""
) -> Representation:
    """Return the representation of a file's current version."""
    etag = entity_tag(stat, coding)
    validators = [
        (b"etag", etag.encode("ascii")),
        (b"last-modified", http_date(stat.st_mtime).encode("ascii")),
        (b"accept-ranges", b"bytes"),
    ]
    given = {name for name, _ in headers}
    ours = [header for header in validators if header[0] not in given]
    return Representation(stat.st_size, etag, stat.st_mtime, content_type, [*ours, *headers])


async def _send_selected(
    file: FileIO, selected: SelectedResponse, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send the selected part of an open file.

    It is read here even if the server can send files itself: the server would open the path again, which may lead
    to another file by then, and granian then waits for the client without a limit.
    """
    if scope["method"] == "HEAD" or selected.start == selected.stop:
        await send({"type": "http.response.body", "body": b""})
        return
    body = body_of(scope, receive)
    try:
        await _send_chunks(file, selected, body, send, write_timeout(scope))
    finally:
        body.close(ANSWERED)


async def _send_chunks(
    file: FileIO, selected: SelectedResponse, body: Body, send: Send, seconds: float | None
) -> None:
    import asyncio  # late: see wesktop.asgi

    at = selected.start
    while at < selected.stop and body.end is None:
        chunk = await read_chunk(file, at, selected.stop)
        at += len(chunk)
        if not chunk:
            raise RuntimeError(f"{file.name!r} became shorter while it was sent")
        more = at < selected.stop
        await send_with_timeout(send, {"type": "http.response.body", "body": chunk, "more_body": more}, seconds)
        del chunk  # before the next one is read, which can have its memory then
        if more:
            if (
                at - selected.start >= SENT_UNCHECKED
            ):  # granian's send() goes on without an error when the client is gone
                body.listen_to_client()
            await asyncio.sleep(0)  # neither reading nor sending need suspend, and other tasks need their turn


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
