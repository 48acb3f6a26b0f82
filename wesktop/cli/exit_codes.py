"""How a command ends: what it says, and its exit code."""

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
INTERRUPTED = 130  # as shells have it: 128 + SIGINT


def exit_code() -> int:
    """Run the command line, see `main`. The end of the app's log follows an error where the app itself failed and its
    output was not shown.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 is no reason to fail
    try:
        code: int = cli.main(standalone_mode=False) or DONE
    except click.exceptions.NoArgsIsHelpError as error:
        code = _fail(error.format_message(), error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context else ""
        code = _fail(_said(f"{error.format_message()}{hint}"), error.exit_code)
    except WesktopError as error:
        code = _fail(_said(error.message, error.log_tail), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    except SystemExit:  # click's way to say that the reader, `head` for instance, has what it wanted
        _give_up_stdout()
        code = DONE
    except OSError as error:
        _give_up_stdout()
        code = _fail(_said(str(error)), NO_PERMISSION if isinstance(error, PermissionError) else FAILED)
    return code


def _said(message: str, log_tail: str = "") -> str:
    tail = [printable_output(line) for line in log_tail.splitlines()]
    return "\n".join([f"wesktop: {one_line(message)}", *indented(tail)])


def _fail(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code


def _give_up_stdout() -> None:
    """What is still to be flushed at the end must not fail again."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
