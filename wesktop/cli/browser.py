"""Opens an app in the user's browser."""

import contextlib
import os
import tempfile
import webbrowser
from html import escape
from pathlib import Path

from wesktopd import client
from wesktopd.errors import WindowError
from wesktopd.paths import runtime_dir

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Opening</title>
<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={url}">
<p><a href="{url}">Continue</a></p></html>
"""


def open_in_browser(name: str, path: str = "/") -> None:
    """Open the app at `path`, and return when the browser has been let in.

    Raises WindowError when there is no browser, ControlTimeoutError when it does not come, ConfigurationError for a
    path that leads elsewhere.
    """
    file, place = tempfile.mkstemp(prefix="open-", suffix=".html", dir=runtime_dir())
    os.close(file)
    try:
        client.open_link(name, path, lambda link: _show(Path(place), link))
    finally:
        with contextlib.suppress(OSError):
            Path(place).unlink()


def _show(page: Path, link: str) -> None:
    """Every user sees what a program is started with: it is given a file that has the link, and is for its user."""
    page.write_text(PAGE.format(url=escape(link)), encoding="utf-8")
    if not webbrowser.open(page.as_uri()):
        raise WindowError("there is no browser to open it in: set BROWSER, or use `wesktop ctl open --print-link`.")
