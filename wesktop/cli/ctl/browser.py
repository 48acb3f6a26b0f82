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
    """Open the app at `path`, and return when the browser has been let in.

    Raises WindowError when there is no browser, or BROWSER names none that can be run, ControlTimeoutError when it
    does not come, ConfigurationError for a path that leads elsewhere.
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
    """Make an empty file for this user alone, where a browser may read it; its descriptor, and where it is."""
    for directory in visible_directories():
        with contextlib.suppress(OSError):  # it is not there, another user's, or read-only
            return _made_in(resolve(str(directory)))
    return _made_in(str(runtime_dir()))


def visible_directories() -> list[Path]:
    """Where browsers in a sandbox can read files: a snap in the home directory what is not hidden, a flatpak often no
    more than the downloads; neither the runtime directory. Linux alone has such, and macOS would ask the user.
    """
    if not sys.platform.startswith("linux"):
        return []
    try:
        return [platformdirs.user_downloads_path(), Path.home()]
    except RuntimeError:  # a user without a home
        return []


def _made_in(directory: str) -> tuple[int, Path]:
    fd, path = tempfile.mkstemp(prefix="wesktop-open-", suffix=".html", dir=directory)  # of mode 0600
    return fd, Path(path)


def check_browser(choices: str) -> None:
    """Refuse a list of browsers, as BROWSER has it, of which none can be run; raises WindowError.

    webbrowser would pass over them, and start what else it finds; on a machine without a screen, say, that is nothing
    that anybody sees.
    """
    asked = [choice for choice in choices.split(os.pathsep) if choice]
    if asked and not any(map(_can_be_run, asked)):
        raise WindowError(
            f"BROWSER {choices!r} cannot be run: set it to a browser that is installed, or unset it, "
            "or use `wesktop ctl open --print-link`."
        )


def _can_be_run(choice: str) -> bool:
    """Whether what webbrowser makes of an entry is there: a command line that has %s, or else a name or path."""
    try:
        browser = webbrowser.get(choice)
    except (webbrowser.Error, ValueError, IndexError):  # the latter for a quote that is not closed, and for blanks
        return False
    if not isinstance(browser, webbrowser.GenericBrowser | webbrowser.UnixBrowser):
        return True  # a system's own way, which is no program
    return shutil.which(browser.name) is not None


def _show(fd: int, page: Path, link: str) -> None:
    """Every user sees what a program is started with: it is given a file that has the link, and is for its user.

    The link is written into the very file that was made: who may write in the directory could put another there.
    """
    os.write(fd, PAGE.format(url=escape(link)).encode())
    if not webbrowser.open(page.as_uri()):
        raise WindowError("there is no browser to open it in: set BROWSER, or use `wesktop ctl open --print-link`.")
