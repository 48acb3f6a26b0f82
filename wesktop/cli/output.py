"""What the verbs of `wesktop ctl` share: the app that is meant, and how an answer is given."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from wesktop.cli.render import one_line
from wesktopd.text import printable, printable_json

JSON_VERSION = 1
FAILED = 1  # the exit code

Command = TypeVar("Command", bound=Callable[..., Any])


class WholeNumber(click.IntRange):
    """What click calls an integer range, as people call it: a refusal says so."""

    name = "whole number"


class Number(click.FloatRange):
    """What click calls a float range."""

    name = "number"


def app_argument(command: Command) -> Command:
    """The argument NAME; `chosen` tells which app is meant where it is left out."""
    return click.argument("name", required=False)(command)


def json_option(command: Command) -> Command:
    """The option --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Machine-readable; docs/command-line.md has the schema."
    )(command)


def timeout_option(default: float | None, help: str) -> Callable[[Command], Command]:  # noqa: A002  as click has it
    """The option --timeout, in seconds."""
    return click.option(
        "--timeout", type=Number(min=0), default=default, show_default=True, metavar="SECONDS", help=help
    )


def chosen(name: str | None) -> str:
    """The app that is meant: the one that is named, or else the only one that runs.

    From then on to the command's end, root finds it where another user runs it, see wesktopd.other_users.

    Raises NotRunningError where none runs, click.UsageError where several do.
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
    """Tell that a command was carried out; `note` says what came of it."""
    from wesktop.cli.render import one_line

    if as_json:
        show_json({"name": name, "done": True, "note": note, **facts})
    else:
        click.echo(one_line(f"{name}: {note}"))


def show_secret(name: str, what: str, secret: str, *, as_json: bool) -> None:
    """Print what was asked for so that it can be used, `"$(wesktop ...)"`: by itself on a line."""

    if as_json:
        show_json({"name": name, what: secret})
    else:
        click.echo(printable(secret))


def show_json(fields: dict[str, Any]) -> None:
    """Print an answer as JSON, laid out for people too."""
    import msgspec

    click.echo(printable_json(msgspec.json.format(_encoded(fields), indent=2)))


def end_in_part(errors: Iterable[str]) -> None:
    """End a verb that has shown what it could: with what it could not, each once and in a line, and exit code 1."""
    said = [*dict.fromkeys(errors)]
    for error in said:
        click.echo(f"wesktop: {one_line(error)}", err=True)
    if said:
        click.get_current_context().exit(FAILED)


def show_json_line(fields: dict[str, Any]) -> None:
    """Print an object of a stream on a line of its own."""
    click.echo(printable_json(_encoded(fields)))


def _encoded(fields: dict[str, Any]) -> str:
    import msgspec

    return msgspec.json.encode({"version": JSON_VERSION, **fields}).decode()
