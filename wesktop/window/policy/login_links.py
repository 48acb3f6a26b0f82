"""Keeps login links out of what the window's process says: with `debug=True`, pywebview logs whatever it loads."""

import logging
import re

from wesktopd.guard.tokens import OPEN_PATH

_LINK = re.compile(rf"{re.escape(OPEN_PATH)}\?[^\s'\"<>]*")


class HideLinks(logging.Filter):
    """Puts the app's address in the place of a link of `name`'s, and how a browser is let in."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter; lets every record pass."""
        text = record.getMessage()
        if OPEN_PATH in text:
            hint = f"/ (let a browser in by `wesktop ctl open {self.name} --browser`)"
            record.msg, record.args = _LINK.sub(hint, text), ()
        return True


def without_links(text: str) -> str:
    """The text without what lets somebody in."""
    return _LINK.sub("/", text)
