"""Files below a directory, and the one page that answers for a single-page application.

Both are ASGI apps that hand on, to the next app in the chain, the requests that are not theirs.
"""

import os
from pathlib import Path

from wesktop.asgi.files import FileResponse
from wesktop.asgi.responses import not_allowed, not_found
from wesktop.asgi.types import ASGIApp, Receive, Scope, Send

# An asset is revalidated each time, which over loopback takes no time a user would see. Without it browsers guess a
# lifetime (RFC 9111, section 4.2.2) and show the old page after an update.
_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


class StaticFiles:
    """The files below *directory*, under the URL prefix *prefix*; 404 for all that is not a file there.

    With the prefix "/" a path without a file goes on to *next_app*, which would have nothing left to answer
    otherwise. Raises ValueError when the directory does not exist or the prefix does not begin with a slash.
    """

    def __init__(self, directory: str | os.PathLike[str], prefix: str, next_app: ASGIApp) -> None:
        root = Path(directory)
        if not root.is_dir():
            raise ValueError(f"static_dir {str(directory)!r} is not a directory: create it or correct the path")
        if not prefix.startswith("/"):
            raise ValueError(f"static_path {prefix!r} does not begin with a slash: write {'/' + prefix!r}")
        self.root = root.resolve()
        self.prefix = prefix.rstrip("/") + "/"
        self.next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith(self.prefix):
            await self.next_app(scope, receive, send)
            return
        file = locate(self.root, path.removeprefix(self.prefix))
        if file is None and self.prefix == "/":
            await self.next_app(scope, receive, send)
        elif file is None:
            await not_found()(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await not_allowed(("GET", "HEAD"))(scope, receive, send)
        else:
            await FileResponse(file, headers=_HEADERS)(scope, receive, send)


class SinglePage:
    """The page *index* for every GET and HEAD that accepts HTML; all else goes on to *next_app*.

    Raises ValueError when the page is not a file.
    """

    def __init__(self, index: str | os.PathLike[str], next_app: ASGIApp) -> None:
        path = Path(index)
        if not path.is_file():
            raise ValueError(f"spa_fallback {str(index)!r} is not a file: create it or correct the path")
        self.page = FileResponse(path.resolve(), content_type="text/html", headers=_HEADERS)
        self.next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD") and accepts_html(scope):
            await self.page(scope, receive, send)
        else:
            await self.next_app(scope, receive, send)


def locate(root: Path, relative: str) -> Path | None:
    """Return the file at the URL path *relative* below *root*, a resolved directory; None when it is not served.

    Not served: dotfiles; a path that is not in its plain form ("..", ".", empty segments); characters that separate
    paths on some system (backslash, colon) or end them (NUL); and whatever symbolic links lead out of the root.
    """
    segments = relative.split("/")
    if any(not segment or segment.startswith(".") for segment in segments):
        return None
    if not {"\\", ":", "\0"}.isdisjoint(relative):
        return None
    try:
        file = root.joinpath(*segments).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # missing, a loop of links, too long, not a possible name
        return None
    return file if file.is_relative_to(root) and file.is_file() else None


def accepts_html(scope: Scope) -> bool:
    """Whether the request accepts text/html, as it also does without any Accept (RFC 9110, section 12.5.1)."""
    values = [value for name, value in scope["headers"] if name == b"accept"]
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
