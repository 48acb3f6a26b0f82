"""Shared by the commands: common arguments, the choice of the app, and printing results as text or JSON."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from wesktop.cli.render import one_line
from wesktopd.text import printable, printable_json

JSON_VERSION = 1
FAILED = 1  # the exit code

Command = TypeVar("Command", bound=Callable[..., Any])


class WholeNumber(click.IntRange):
    """click's integer range, under a name for people: error messages use it."""

    name = "whole number"


class Number(click.FloatRange):
    """click's float range, likewise."""

    name = "number"


def app_argument(command: Command) -> Command:
    """Add the argument NAME; if it is omitted, `chosen` finds the app."""
    return click.argument("name", required=False)(command)


def json_option(command: Command) -> Command:
    """Add the option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON; its schema is in docs/command-line.md.")(
        command
    )


def timeout_option(default: float | None, help: str) -> Callable[[Command], Command]:  # noqa: A002  as click has it
    """Return a decorator that adds the option --timeout, in seconds."""
    return click.option(
        "--timeout", type=Number(min=0), default=default, show_default=True, metavar="SECONDS", help=help
    )


def chosen(name: str | None) -> str:
    """Return the named app, or the only one that is running.

    Until the command ends, root also finds it if another user runs it, see wesktopd.other_users.

    Raises NotRunningError if no app is running, click.UsageError if several are.
    """
    from wesktopd import other_users

    name = _only_one() if name is None else name
    click.get_current_context().with_resource(other_users.looking_for(name))
    return name


def _only_one() -> str:
    from wesktopd import client, other_users
    from wesktopd.errors import NotRunningError

    names = client.running() or other_users.running()
    if not names:
        raise NotRunningError("no app is running.")
    if len(names) > 1:
        raise click.UsageError(f"several apps are running: name one of {', '.join(names)}.")
    return names[0]


def show_done(name: str, note: str, *, as_json: bool, **facts: object) -> None:
    """Report that a command succeeded. note: its result."""
    from wesktop.cli.render import one_line

    if as_json:
        show_json({"name": name, "done": True, "note": note, **facts})
    else:
        click.echo(one_line(f"{name}: {note}"))


def show_secret(name: str, what: str, secret: str, *, as_json: bool) -> None:
    """Print a value on a line of its own, for use as `"$(wesktop ...)"`."""
    if as_json:
        show_json({"name": name, what: secret})
    else:
        click.echo(printable(secret))


def show_json(fields: dict[str, Any]) -> None:
    """Print a result as indented JSON."""
    import msgspec

    click.echo(printable_json(msgspec.json.format(_encoded(fields), indent=2)))


def end_in_part(errors: Iterable[str]) -> None:
    """Print the errors of a partly successful command, each once, on a line; if there are any, exit with code 1."""
    messages = [*dict.fromkeys(errors)]
    for error in messages:
        click.echo(f"wesktop: {one_line(error)}", err=True)
    if messages:
        click.get_current_context().exit(FAILED)


def show_json_line(fields: dict[str, Any]) -> None:
    """Print an object of a stream as a line of JSON."""
    click.echo(printable_json(_encoded(fields)))


def _encoded(fields: dict[str, Any]) -> str:
    import msgspec

    return msgspec.json.encode({"version": JSON_VERSION, **fields}).decode()
