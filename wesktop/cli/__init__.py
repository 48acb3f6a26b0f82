"""The `wesktop` command."""

import sys

import click

from wesktop.cli.main import cli
from wesktopd.errors import WesktopError

INTERRUPTED = 130  # as shells have it: 128 + SIGINT


def main() -> None:
    """Run the command line: one line on stderr for an error, never a traceback.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 permission, 5 timed out, 130 ended by Ctrl-C.
    """
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        code = _fail(error.format_message(), error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context else ""
        code = _fail(f"wesktop: {error.format_message()}{hint}", error.exit_code)
    except WesktopError as error:
        code = _fail(f"wesktop: {error.message}", error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    sys.exit(code)


def _fail(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code
