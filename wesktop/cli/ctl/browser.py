"""Opens an app in the user's browser."""

import contextlib
import os
import shutil
import sys
import tempfile
import webbrowser
from html import escape
from pathlib import Path

import platformdirs

from wesktopd import client
from wesktopd.errors import WindowError
from wesktopd.paths import runtime_dir
from wesktopd.system import resolve

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Opening</title>
<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={url}">
<p><a href="{url}">Continue</a></p></html>
"""


def open_in_browser(name: str, path: str = "/") -> None:
    """Open the app at `path`, and return when the browser has logged in.

    Raises WindowError if there is no browser, or BROWSER names none that can be run; ControlTimeoutError if it does
    not connect; ConfigurationError for a path outside of the app.
    """
    check_browser(os.environ.get("BROWSER", ""))
    fd, page = make_page()
    try:
        client.open_link(name, path, lambda link: _show(fd, page, link))
    finally:
        os.close(fd)
        with contextlib.suppress(OSError):
            page.unlink()


def make_page() -> tuple[int, Path]:
    """Make an empty file with mode 0600 in a place that browsers can read; return its descriptor and path."""
    for directory in visible_directories():
        with contextlib.suppress(OSError):  # missing, another user's, or read-only
            return _made_in(resolve(str(directory)))
    return _made_in(str(runtime_dir()))


def visible_directories() -> list[Path]:
    """Return the directories that sandboxed browsers can read: a snap reads files in the home directory that are not
    hidden, a flatpak often only the downloads; neither reads the runtime directory. Linux only: macOS would ask the
    user.
    """
    if not sys.platform.startswith("linux"):
        return []
    try:
        return [platformdirs.user_downloads_path(), Path.home()]
    except RuntimeError:  # a user without a home
        return []


def _made_in(directory: str) -> tuple[int, Path]:
    fd, path = tempfile.mkstemp(prefix="wesktop-open-", suffix=".html", dir=directory)
    return fd, Path(path)


def check_browser(choices: str) -> None:
    """Raise WindowError if none of the browsers in BROWSER can be run.

    webbrowser would skip them and start another one, which on a machine without a screen would be invisible.
    """
    asked = [choice for choice in choices.split(os.pathsep) if choice]
    if asked and not any(map(_can_be_run, asked)):
        raise WindowError(
            f"BROWSER {choices!r} cannot be run: set it to a browser that is installed, or unset it, "
            "or use `wesktop ctl open --print-link`."
        )


def _can_be_run(choice: str) -> bool:
    """Return whether an entry of BROWSER, a command line with %s, a name or a path, can be run by webbrowser."""
    try:
        browser = webbrowser.get(choice)
    except (webbrowser.Error, ValueError, IndexError):  # ValueError for an open quote, IndexError for blanks
        return False
    if not isinstance(browser, webbrowser.GenericBrowser | webbrowser.UnixBrowser):
        return True  # opens URLs without a program of its own
    return shutil.which(browser.name) is not None


def _show(fd: int, page: Path, link: str) -> None:
    """Open a private file that redirects to the link: every user can see the arguments of a program.

    The link is written to the descriptor, since others may be able to replace files in the directory.
    """
    os.write(fd, PAGE.format(url=escape(link)).encode())
    if not webbrowser.open(page.as_uri()):
        raise WindowError("no browser was found: set BROWSER, or use `wesktop ctl open --print-link`.")
