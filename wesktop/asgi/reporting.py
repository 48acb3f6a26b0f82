"""Logging of exceptions and of clients' text."""


def log_exception(logger: str, error: BaseException, message: str, *args: object) -> None:
    """Log an exception, with its traceback, by the logger of that name.

    The text may quote a client: it is made printable and indented, so that no line can pose as another record.
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


def log_warning(logger: str, message: str, *args: object) -> None:
    """Log a line by the logger of that name."""
    import logging

    logging.getLogger(logger).warning(message, *args)


def printable(text: str) -> str:
    """Return a client's text for a log line: without line ends and control characters for a terminal."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
