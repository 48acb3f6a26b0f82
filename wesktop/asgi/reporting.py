"""What goes wrong in an application, for its log."""


def log_exception(logger: str, error: BaseException, message: str, *args: object) -> None:
    """Log an exception, with its traceback, by the logger of that name.

    Its text may quote a client: it is printable, and its lines are indented, so that none passes for another's.
    """
    import logging  # late: most processes that import an application never log
    import traceback

    found = logging.getLogger(logger)
    if found.isEnabledFor(logging.ERROR):
        info = (type(error), error, error.__traceback__)
        record = found.makeRecord(logger, logging.ERROR, __file__, 0, message, args, info)
        trace = "".join(traceback.format_exception(error)).removesuffix("\n")
        record.exc_text = "\n".join(f"  {printable(line)}" for line in trace.split("\n"))
        found.handle(record)


def printable(text: str) -> str:
    """A client's text for a line of the log: it cannot begin another one, or act upon a terminal."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
