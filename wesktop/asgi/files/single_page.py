"""The one page that answers for a single-page application, and which requests are for a page."""

import os
from pathlib import Path, PurePath

from wesktop.asgi.files.file_response import FileResponse
from wesktop.asgi.files.static import NOSNIFF, REVALIDATE
from wesktop.asgi.http.content_types import BY_SUFFIX
from wesktop.asgi.http.headers import header_values
from wesktop.asgi.parameters import check_type
from wesktop.asgi.responses import HTMLResponse, Response
from wesktop.asgi.routing.router import Router
from wesktop.asgi.types import Scope

API = "/api/"
"""Prefix below which the page is not served if the app has routes there: a misspelt path is a 404, as JSON."""

_DOCUMENTS = (b"document", b"iframe", b"frame", b"embed", b"object")


class SinglePage:
    """The page *index* for every GET and HEAD of a document that has no route and no file.

    must_exist: raise ValueError if it is not a file. Raises TypeError if it is not a path.
    """

    def __init__(self, index: str | os.PathLike[str], router: Router, *, must_exist: bool = True) -> None:
        check_type("spa_fallback", index, str, os.PathLike)
        path = Path(index)
        if must_exist and not path.is_file():
            raise ValueError(f"spa_fallback must be a file, not {str(index)!r}: create it or correct the path")
        self.path = path.resolve()
        self.page = FileResponse(self.path, content_type="text/html")
        self.page.add_raw_headers([(b"cache-control", REVALIDATE), NOSNIFF])
        self.router = router
        self.must_exist = must_exist

    def answer(self, scope: Scope, path: str) -> Response | None:
        """Return the page; None for a request for something else, or while it is not built."""
        if scope["method"] not in ("GET", "HEAD") or not wants_page(scope, path):
            return None
        if path.startswith(API) and self.router.has_routes_below(API):
            return None
        return self.page if self.must_exist or self.path.is_file() else None


class Unbuilt:
    """A page for documents while *directory* does not exist, with the command to run; it reloads itself.

    command: makes the directory, such as "npm run build".
    """

    def __init__(self, directory: str | os.PathLike[str], command: str) -> None:
        self.directory = Path(directory).absolute()
        self.command = command

    def answer(self, scope: Scope, path: str) -> Response | None:
        """Return the page; None for other requests, and once the directory exists."""
        if scope["method"] not in ("GET", "HEAD") or not wants_page(scope, path) or self.directory.is_dir():
            return None
        from html import escape  # late: it is seldom needed

        page = _UNBUILT.format(directory=escape(str(self.directory)), command=escape(self.command))
        return HTMLResponse(page, 503, headers={"Cache-Control": "no-store", "Retry-After": "2"})


_UNBUILT = """<!doctype html>
<meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Not built yet</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 20vh auto; padding: 0 1rem }}
</style>
<h1>The pages are not built yet</h1>
<p><code>{directory}</code> does not exist. Run this command; this page then reloads by itself:</p>
<pre>{command}</pre>
"""


def wants_page(scope: Scope, path: str) -> bool:
    """Return whether a request is for a document: browsers say so; others accept HTML and do not ask for an asset.

    A missing script is a 404, not the page: as a script, it would be a syntax error that is hard to understand.
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
