"""Scripts that wesktop serves for pages to import, below /_wesktop/."""

from pathlib import Path

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.files.file_response import FileResponse, check_readable
from wesktop.asgi.responses import Response
from wesktop.asgi.types import Scope

PREFIX = "/_wesktop/"
SCRIPTS = {"events.js"}


def client_script(scope: Scope, path: str) -> Response | None:
    """Return the requested script; None for other paths. Raises HTTPError: 404, 405."""
    if not path.startswith(PREFIX):
        return None
    name = path.removeprefix(PREFIX)
    if name not in SCRIPTS:
        raise HTTPError(404)
    check_readable(scope)
    return FileResponse(Path(__file__).with_name("client") / name, headers={"Cache-Control": "no-cache"})
