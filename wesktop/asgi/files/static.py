"""Files below a directory, and the one page that answers for a single-page application."""

import os
import re
from contextlib import ExitStack
from io import FileIO
from pathlib import Path, PurePath
from typing import NamedTuple

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.files.file_response import FileResponse, check_readable, describe
from wesktop.asgi.files.opening import locate, open_beneath
from wesktop.asgi.files.representation import Representation, is_selective, select, whole
from wesktop.asgi.http.codings import SUFFIXES, choose
from wesktop.asgi.http.content_types import BY_SUFFIX, content_type_of
from wesktop.asgi.http.headers import RawHeaders, content_type_header, header_values
from wesktop.asgi.parameters import check_type
from wesktop.asgi.responses import Response, start_message
from wesktop.asgi.routing.router import Router
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
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_VARY = (b"vary", b"accept-encoding")
_DOCUMENTS = (b"document", b"iframe", b"frame", b"embed", b"object")


class StaticFiles:
    """The files below *directory*, under the URL prefix *prefix*; 404 for all that is not a file there.

    With the prefix "/" what is no file is left to others, who would have nothing to answer otherwise, and so is a
    path that has a route, of another method. A file with compressed ones beside it (`app.js.br`, .zst, .gz; not older
    than itself) is sent as the client takes it. Small files stay in memory, *cache_size* bytes of them, and are
    looked at again, by one stat(), for every request.

    Raises ValueError when the directory does not exist or the prefix does not begin with a slash, and TypeError when
    the former is not a path or the latter not a str.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        prefix: str,
        router: Router,
        *,
        cache_size: int = MAX_CACHE_SIZE,
        dotfiles: bool = False,
    ) -> None:
        check_type("static_dir", directory, str, os.PathLike)
        check_type("static_path", prefix, str)
        root = Path(directory)
        if not root.is_dir():
            raise ValueError(f"static_dir must be a directory, not {str(directory)!r}: create it or correct the path")
        if not prefix.startswith("/"):
            raise ValueError(f"static_path {prefix!r} does not begin with a slash: write {'/' + prefix!r}")
        self.root = root.resolve()
        self.prefix = prefix.rstrip("/") + "/"
        self.router = router
        self.dotfiles = dotfiles
        self._cache = _Cache(cache_size)

    def answer(self, scope: Scope, path: str) -> Response | None:
        """The file that a request asks for; None where it is not for here. Raises HTTPError: 404, 405."""
        if not path.startswith(self.prefix):
            return None
        file = self._cache.get(path) or self._find(path)
        if file is None:
            if self.prefix == "/" or self.router.allowed_methods(path):
                return None
            raise HTTPError(404)
        check_readable(scope)
        return file.variant(scope)

    def _find(self, path: str) -> "_File | None":
        relative = path.removeprefix(self.prefix)
        names = locate(self.root, relative, dotfiles=self.dotfiles)
        opened = None if names is None else open_beneath(str(self.root), names)
        if names is None or opened is None:
            return None
        with opened:
            file = _File(_Place(str(self.root), names), opened, asked=self.root / relative)
        self._cache.add(path, file)
        return file


class _Place(NamedTuple):
    """Where a file is: below *root*, by names of which none is a link."""

    root: str
    names: tuple[str, ...]

    def open(self) -> FileIO | None:
        """Open it; None where it has moved, or one of the names is a link now."""
        return open_beneath(self.root, self.names)

    def beside(self, suffix: str) -> "_Place":
        """Where one of the same name and a further suffix is."""
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
        headers: RawHeaders = [(b"cache-control", IMMUTABLE if _HASHED.search(name) else REVALIDATE), _NOSNIFF]
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


class SinglePage:
    """The page *index* for every GET and HEAD of a document.

    Raises ValueError when it is not a file, TypeError if it is not a path.
    """

    def __init__(self, index: str | os.PathLike[str]) -> None:
        check_type("spa_fallback", index, str, os.PathLike)
        path = Path(index)
        if not path.is_file():
            raise ValueError(f"spa_fallback must be a file, not {str(index)!r}: create it or correct the path")
        self.page = FileResponse(path.resolve(), content_type="text/html")
        self.page.add_raw_headers([(b"cache-control", REVALIDATE), _NOSNIFF])

    def answer(self, scope: Scope, path: str) -> Response | None:
        """The page; None for what asks for something else."""
        return self.page if scope["method"] in ("GET", "HEAD") and wants_page(scope, path) else None


def wants_page(scope: Scope, path: str) -> bool:
    """Return whether a request is for a document: browsers say so; others accept HTML and do not ask for an asset.

    A missing script is a 404, not the page: as a script that would be an error which nobody understands.
    """
    headers = dict(scope["headers"])
    destination = headers.get(b"sec-fetch-dest")
    if destination == b"empty":  # fetch(): the page is for one that asks for HTML by name
        return b"text/html" in headers.get(b"accept", b"")
    if destination is not None:
        return destination in _DOCUMENTS
    suffix = PurePath(path).suffix.lower()
    return (suffix not in BY_SUFFIX or suffix in (".htm", ".html")) and accepts_html(scope)


def accepts_html(scope: Scope) -> bool:
    """Return whether the request accepts text/html, as it also does without any Accept (RFC 9110, section 12.5.1)."""
    values = header_values(scope, b"accept")
    if not values:
        return True
    weights: dict[str, bool] = {}
    for media_range in b",".join(values).decode("latin-1").lower().split(","):
        name, *parameters = (part.strip() for part in media_range.split(";"))
        weights[name] = not any(_is_zero_weight(parameter) for parameter in parameters)
    for name in ("text/html", "text/*", "*/*"):  # the most specific range decides
        if name in weights:
            return weights[name]
    return False


def _is_zero_weight(parameter: str) -> bool:
    return parameter.startswith("q=0") and not parameter[3:].strip(".0")
