"""Runs the command line, and turns errors into a message and an exit code."""

import io
import os
import sys

import click

from wesktop.cli.main import cli
from wesktop.cli.output import FAILED
from wesktop.cli.render import indented, one_line
from wesktopd.errors import WesktopError
from wesktopd.text import printable_output

DONE = 0
NO_PERMISSION = 4
INTERRUPTED = 130  # as in shells: 128 + SIGINT


def exit_code() -> int:
    """Run the command line, and return its exit code, see `main`.

    If the app itself failed and its output was not shown, the end of its log follows the error.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not be an error
    try:
        code: int = cli.main(standalone_mode=False) or DONE
    except click.exceptions.NoArgsIsHelpError as error:
        code = _fail(error.format_message(), error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context else ""
        code = _fail(_message(f"{error.format_message()}{hint}"), error.exit_code)
    except WesktopError as error:
        code = _fail(_message(error.message, error.log_tail), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    except SystemExit:  # raised by click when the reader of a pipe, such as `head`, has closed it
        _discard_stdout()
        code = DONE
    except OSError as error:
        _discard_stdout()
        code = _fail(_message(str(error)), NO_PERMISSION if isinstance(error, PermissionError) else FAILED)
    return code


def _message(message: str, log_tail: str = "") -> str:
    tail = [printable_output(line) for line in log_tail.splitlines()]
    return "\n".join([f"wesktop: {one_line(message)}", *indented(tail)])


def _fail(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code


def _discard_stdout() -> None:
    """Redirect stdout to /dev/null, so that flushing it at exit does not fail again."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
