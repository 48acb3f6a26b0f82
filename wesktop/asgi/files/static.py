"""Files below a directory."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from wesktop.asgi.connections import local_url
from wesktop.asgi.files.file_response import FileResponse, check_readable, describe
from wesktop.asgi.files.opening import locate, open_beneath
from wesktop.asgi.files.representation import Representation, is_selective, select, whole
from wesktop.asgi.http.codings import SUFFIXES, choose
from wesktop.asgi.http.content_types import content_type_of
from wesktop.asgi.http.headers import RawHeaders, content_type_header
from wesktop.asgi.parameters import check_type
from wesktop.asgi.responses import RedirectResponse, Response, start_message
from wesktop.asgi.types import Receive, Scope, Send

MAX_CACHE_SIZE = 16 * 1024 * 1024
"""Bytes of files that are kept in memory."""

MAX_CACHED_FILE = 1024 * 1024
"""Bytes of a file up to which it is kept in memory, which takes 0.6 of the CPU that reading it takes (measured)."""

ENTRY_SIZE = 1024
"""Bytes that a file takes besides its content; of a large one that is all, and spares looking for it again."""

# An asset is revalidated each time, which over loopback takes no time a user would see. Without it browsers guess a
# lifetime (RFC 9111, section 4.2.2) and show the old page after an update.
REVALIDATE = b"no-cache"
IMMUTABLE = b"max-age=31536000, immutable"  # RFC 8246

# A hash in a file's name, as bundlers put it: hexadecimal, or Vite's eight characters of base64url. It must have
# letters and digits, and be no word with a number, so that neither a word, a date nor a version passes for one.
_HASHED = re.compile(
    r"[.-](?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}\."
    r"|-(?![A-Z]?[a-z]+[0-9]*\.)(?![A-Z]+[0-9]*\.)(?=\S{0,7}[0-9])(?=\S{0,7}[a-z])(?=\S{0,7}[A-Z])[\w-]{8}\.",
    re.ASCII,
)
NOSNIFF = (b"x-content-type-options", b"nosniff")
_VARY = (b"vary", b"accept-encoding")


class StaticFiles:
    """The files below *directory*, under the URL prefix *prefix*.

    A path that ends with a slash is its directory's `index.html`, and one without a suffix may be a file with the
    suffix .html, as static site generators and web servers have it. A file with compressed ones beside it
    (`app.js.br`, .zst, .gz; not older than itself) is sent as the client takes it. Small files stay in memory,
    *cache_size* bytes of them, and are looked at again, by one stat(), for every request.

    must_exist: raise ValueError when the directory does not exist. Raises ValueError for a prefix that does not begin
    with a slash, and TypeError when the former is not a path or the latter not a str.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        prefix: str,
        *,
        cache_size: int = MAX_CACHE_SIZE,
        dotfiles: bool = False,
        must_exist: bool = True,
    ) -> None:
        check_type("static_dir", directory, str, os.PathLike)
        root = Path(directory)
        if must_exist and not root.is_dir():
            raise ValueError(f"static_dir must be a directory, not {str(directory)!r}: create it or correct the path")
        if not prefix.startswith("/"):
            raise ValueError(f"static_path {prefix!r} does not begin with a slash: write {'/' + prefix!r}")
        self.root = root.absolute()
        self.prefix = prefix.rstrip("/") + "/"
        self.dotfiles = dotfiles
        self._cache = _Cache(cache_size)

    def answer(self, scope: Scope, path: str) -> Response | None:
        """Return the file that a request asks for; None if there is none. Raises HTTPError: 405."""
        if not path.startswith(self.prefix):
            return self._redirect(scope, path) if path + "/" == self.prefix else None
        file = self._cache.get(path) or self._find(path)
        if file is None:
            return self._redirect(scope, path)
        check_readable(scope)
        return file.variant(scope)

    def _find(self, path: str) -> "_File | None":
        root = self.root.resolve()
        for relative in candidates(path.removeprefix(self.prefix)):
            names = locate(root, relative, dotfiles=self.dotfiles)
            opened = None if names is None else open_beneath(str(root), names)
            if names is not None and opened is not None:
                with opened:
                    file = _File(_Place(str(root), names), opened, asked=self.root / relative)
                self._cache.add(path, file)
                return file
        return None

    def _redirect(self, scope: Scope, path: str) -> Response | None:
        """Return the redirect to a directory's path with a slash, so that the links of its index are below it."""
        relative = (path + "/").removeprefix(self.prefix)
        if path.endswith("/") or scope["method"] not in ("GET", "HEAD"):
            return None
        if locate(self.root.resolve(), relative + INDEX, dotfiles=self.dotfiles) is None:
            return None
        return RedirectResponse(local_url(scope, f"{path}/"))


INDEX = "index.html"


def candidates(relative: str) -> Iterator[str]:
    """Yield the files that a URL path below the prefix may mean."""
    if relative == "" or relative.endswith("/"):
        yield relative + INDEX
        return
    yield relative
    if "." not in relative.rpartition("/")[2]:
        yield relative + ".html"


class _Place(NamedTuple):
    """The location of a file: below *root*, by names that are not links."""

    root: str
    names: tuple[str, ...]

    def open(self) -> FileIO | None:
        """Open it; None where it has moved, or one of the names is a link now."""
        return open_beneath(self.root, self.names)

    def beside(self, suffix: str) -> "_Place":
        """Return the location of the file with a further suffix, next to this one."""
        *directories, name = self.names
        return _Place(self.root, (*directories, name + suffix))


class _File:
    """A file with its compressed variants, as they were when they were opened.

    asked: its path as the URL has it. Not as it was resolved: a link on the way may come to lead elsewhere.
    """

    __slots__ = ("_seen", "_variants", "size")

    def __init__(self, place: _Place, plain: FileIO, asked: Path) -> None:
        status = _status_of(plain)
        name = place.names[-1]
        headers: RawHeaders = [(b"cache-control", IMMUTABLE if _HASHED.search(name) else REVALIDATE), NOSNIFF]
        content_type = content_type_of(name)
        with ExitStack() as opened:
            compressed = {
                coding: opened.enter_context(file)
                for coding, suffix in SUFFIXES.items()
                if (file := _open_made_of(place.beside(suffix), status)) is not None
            }
            self._seen = {str(asked): status} | {str(f.name): _status_of(f) for f in compressed.values()}
            if compressed:
                headers.append(_VARY)
            self._variants = {"": _variant(place, plain, content_type, headers, "")}
            for coding, file in compressed.items():
                coded = [*headers, (b"content-encoding", coding.encode())]
                self._variants[coding] = _variant(place.beside(SUFFIXES[coding]), file, content_type, coded, coding)
        self.size = ENTRY_SIZE + sum(v.size for v in self._variants.values() if isinstance(v, _InMemory))

    @property
    def unchanged(self) -> bool:
        """True if it is what it was, and so are those beside it."""
        for path, status in self._seen.items():  # noqa: SIM110  all() takes longer
            if _status(path) != status:
                return False
        return True

    def variant(self, scope: Scope) -> Response:
        """Return the response for this client. Ranges apply to the uncompressed file, where they are certain."""
        if len(self._variants) > 1:
            headers = dict(scope["headers"])
            accepted = headers.get(b"accept-encoding")
            if accepted is not None and b"range" not in headers:
                return self._variants[choose(accepted.decode("latin-1"), list(self._variants)[1:])]
        return self._variants[""]


_Status = tuple[int, int, int, int, int]
"""The attributes that change with a file: its kind, time, size and identity."""


def _status(path: str) -> _Status:
    try:
        found = os.stat(path)  # noqa: PTH116  half the time of Path.stat
    except (OSError, ValueError):
        return 0, 0, 0, 0, 0
    return found.st_mode, found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev


def _status_of(file: FileIO) -> _Status:
    found = os.fstat(file.fileno())
    return found.st_mode, found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev


def _open_made_of(place: _Place, status: _Status) -> FileIO | None:
    """Open a compressed variant of the file of that status; None where there is none, or an older one's."""
    file = place.open()
    if file is None or _status_of(file)[1] >= status[1]:
        return file
    file.close()
    return None


def _variant(place: _Place, file: FileIO, content_type: str, headers: RawHeaders, coding: str) -> Response:
    """In memory where it is small, else from the disk."""
    found = os.fstat(file.fileno())
    if found.st_size <= MAX_CACHED_FILE:
        body = file.read(MAX_CACHED_FILE + 1)
        if len(body) == found.st_size:
            return _InMemory(body, describe(found, content_type_header(content_type), headers, coding))
    response = _OnDisk(place, content_type)
    response.add_raw_headers(headers)
    return response


class _OnDisk(FileResponse):
    """A large file."""

    def __init__(self, place: _Place, content_type: str) -> None:
        super().__init__(Path(place.root, *place.names), content_type=content_type)
        self._place = place

    def _open(self) -> FileIO | None:
        return self._place.open()


class _InMemory(Response):
    """A small file."""

    def __init__(self, body: bytes, found: Representation) -> None:
        self.body = body
        self.found = found
        self._whole = whole(found)

    @property
    def size(self) -> int:
        return len(self.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        part = select(self.found, scope) if is_selective(scope) else self._whole
        await send(start_message(part.status, part.headers))
        body = b"" if scope["method"] == "HEAD" else self.body[part.start : part.stop]
        await send({"type": "http.response.body", "body": body})


class _Cache:
    """Files by their URL path, those that came first being given up first."""

    def __init__(self, size: int) -> None:
        self._limit = size
        self._size = 0
        self._files: dict[str, _File] = {}

    def get(self, path: str) -> _File | None:
        """The file, unless it has changed."""
        file = self._files.get(path)
        if file is None or file.unchanged:
            return file
        self._drop(path)
        return None

    def add(self, path: str, file: _File) -> None:
        """Keep it, if there is room for it."""
        if file.size > self._limit:
            return
        if path in self._files:
            self._drop(path)
        self._files[path] = file
        self._size += file.size
        while self._size > self._limit:
            self._drop(next(iter(self._files)))

    def _drop(self, path: str) -> None:
        self._size -= self._files.pop(path).size
