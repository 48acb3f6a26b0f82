"""Opens a URL in the user's browser, or mail program."""

import logging
import threading


def open_in_browser(url: str) -> None:
    """Open it, in a thread of its own: finding the browser takes a while, and some are waited for."""
    threading.Thread(target=_open, args=(url,), name="browser", daemon=True).start()


def _open(url: str) -> None:
    import webbrowser  # late: it looks for all that are installed

    # A space has its place in what comes after "mailto:", not on the command line of a shell script.
    if not webbrowser.open(url.replace(" ", "%20")):
        logging.getLogger("wesktop").warning("no browser was found to open %s", url)
