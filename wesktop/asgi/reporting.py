"""What goes wrong in an application, for its log."""


def log_exception(logger: str, message: str, *args: object) -> None:
    """Log the exception that is being handled, with its traceback, by the logger of that name."""
    import logging  # late: most processes that import an application never log

    logging.getLogger(logger).exception(message, *args)
