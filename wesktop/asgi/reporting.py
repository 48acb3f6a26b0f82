"""What goes wrong in an application, for its log."""


def log_exception(logger: str, error: BaseException, message: str, *args: object) -> None:
    """Log an exception, with its traceback, by the logger of that name."""
    import logging  # late: most processes that import an application never log

    logging.getLogger(logger).error(message, *args, exc_info=error)


def printable(text: str) -> str:
    """A client's text for a line of the log: it cannot begin another one."""
    return text if text.isprintable() else ascii(text)[1:-1]
