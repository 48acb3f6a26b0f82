"""Keeps what clients have sent from acting upon a terminal, or forging lines, by way of what is logged about them."""

import contextlib
import logging
import traceback

from wesktopd.text import printable, printable_lines

LOGGERS = ("asyncio", "granian.access", "_granian", "wesktop", "wesktopd")


def watch(*loggers: str) -> None:
    """Have these loggers' records made printable from now on, whatever handles them."""
    for name in loggers:
        logging.getLogger(name).addFilter(make_printable)


def make_printable(record: logging.LogRecord) -> bool:
    """A filter of a logger's: lets every record pass, without what is not printable, and with further lines indented.

    An exception's text may quote a request too, so that is settled here and not left to a formatter.
    """
    if isinstance(record.args, dict):  # of a request, as the access log has it
        values = record.args.items()
        record.args = {name: printable(value) if isinstance(value, str) else value for name, value in values}
    else:
        with contextlib.suppress(Exception):  # a mistake in the call, which the handler reports
            record.msg, record.args = printable_lines(record.getMessage()), ()
    if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
        record.exc_text = _traceback(record.exc_info[1])
    return True


class UnprintableError(Exception):
    """Stands for an exception whose text would control a terminal or forge lines; has all of it, printable."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"the app has raised what is not printable:\n{_traceback(error)}")


def is_printable(error: Exception) -> bool:
    """Return whether an exception's traceback has no more lines than its own, and nothing that is not printable."""
    for chunk in traceback.format_exception(error):
        *lines, end = chunk.split("\n")
        if end or any(printable(line) != line for line in lines):
            return False
        if len(lines) > 1 and not chunk.startswith((" ", "\n")):  # no frame's: a message of several lines
            return False
    return True


def _traceback(error: BaseException) -> str:
    text = "".join(traceback.format_exception(error)).removesuffix("\n")
    return f"  {printable_lines(text)}"
