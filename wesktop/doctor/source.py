"""The source to install this wesktop from again: `pip install wesktop` would install a different project."""

import importlib.metadata
import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

UNKNOWN = "PATH"  # in place of the clone's or wheel's


def install_source(package: Path = Path(__file__).parents[1]) -> str:
    """Return the clone or wheel that the package is from, quoted for a shell; PATH if that is not there any more."""
    if (package.parent / "pyproject.toml").is_file():
        return shlex.quote(str(package.parent))
    try:
        recorded = importlib.metadata.distribution("wesktop").read_text("direct_url.json")
        url = urlsplit(json.loads(recorded or "{}").get("url", ""))
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return UNKNOWN
    from urllib.request import url2pathname

    path = Path(url2pathname(url.path))
    return shlex.quote(str(path)) if url.scheme == "file" and url.path and path.exists() else UNKNOWN
