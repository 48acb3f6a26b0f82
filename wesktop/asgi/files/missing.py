"""404 for assets that do not exist, which are logged: a page whose script is missing stays empty without a word."""

from pathlib import PurePath
from urllib.parse import urlsplit

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.http.content_types import BY_SUFFIX
from wesktop.asgi.reporting import log_warning, printable
from wesktop.asgi.responses import Response
from wesktop.asgi.routing.router import Router
from wesktop.asgi.types import Scope

MAX_LOGGED = 100
"""Paths that are logged, each once."""

_ASSETS = frozenset(
    b"audio audioworklet font image manifest object paintworklet script serviceworker sharedworker style track video "
    b"worker xslt".split()
)


class MissingAssets:
    """404 for whatever else is below *prefix*, and a log line for each asset that a page asked for in vain."""

    def __init__(self, prefix: str, router: Router, logger: str) -> None:
        self.prefix = prefix.rstrip("/") + "/"
        self.router = router
        self.logger = logger
        self._logged: set[str] = set()

    def answer(self, scope: Scope, path: str) -> Response | None:
        """Raise HTTPError 404 for a path below the prefix that has no route; return None for others."""
        if self.prefix == "/" or not path.startswith(self.prefix) or self.router.allowed_methods(path):
            return None
        self.log(scope, path)
        raise HTTPError(404)

    def log(self, scope: Scope, path: str) -> None:
        """Log the path if the request is for an asset of a page."""
        headers = dict(scope["headers"])
        page = headers.get(b"referer")
        if page is None or path in self._logged or len(self._logged) >= MAX_LOGGED or path == "/favicon.ico":
            return
        destination = headers.get(b"sec-fetch-dest")
        is_asset = PurePath(path).suffix.lower() in BY_SUFFIX if destination is None else destination in _ASSETS
        if is_asset:
            self._logged.add(path)
            where = printable(urlsplit(page.decode("latin-1")).path)
            log_warning(self.logger, "404: %s does not exist, but the page %s needs it", printable(path), where)
