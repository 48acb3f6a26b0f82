"""`wesktop entry`: the verbs that create, list and remove launcher entries."""

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from wesktop.cli.output import end_in_part, json_option, show_done, show_json

if TYPE_CHECKING:
    from wesktop.entries.records import Record

FIELDS = ("name", "id", "path", "command", "autostart", "mime_types", "url_schemes")
"""The fields of a record that are shown; the others are for `remove`."""


@click.group()
def entry() -> None:
    """Create and remove entries in the desktop's launcher.

    Exit codes: 0 done, 1 failed, 2 usage, 4 permission.
    """


@entry.command()
@click.argument("name")
@click.argument("command", nargs=-1, required=True)
@click.option("--icon", help="A PNG, SVG, ICO or ICNS file; on Linux also the name of an icon in the theme.")
@click.option("--comment", help="A description of one line.")
@click.option(
    "--category", "categories", multiple=True, help="A menu category, such as Utility (Linux). May be repeated."
)
@click.option("--app-id", help="The name under which the app runs.  [default: from NAME]")
@click.option("--working-dir", type=click.Path(), help="The directory to start in.")
@click.option("--autostart", is_flag=True, help="Also start it at login.")
@click.option(
    "--mime-type", "mime_types", multiple=True, help="A file type it opens, such as text/csv. May be repeated."
)
@click.option(
    "--url-scheme",
    "url_schemes",
    multiple=True,
    help="A URL scheme it opens: myapp for myapp://... May be repeated.",
)
@click.option("--action", "actions", multiple=True, type=(str, str), metavar="TITLE COMMAND",
              help="Another action in the launcher's menu (Linux). May be repeated.")  # fmt: skip
@json_option
def create(
    name: str, command: tuple[str, ...], actions: tuple[tuple[str, str], ...], as_json: bool, **options: Any
) -> None:
    """Create the entry NAME, or replace it.

    COMMAND is a program and its arguments, after `--`. A single word is split as in a shell.
    """
    from wesktop.entries import create_entry

    with _wrong_values_are_usage():
        line = command[0] if len(command) == 1 else shlex.join(command)
        path = create_entry(name, line, actions=_by_title(actions), **options)
    show_done(name, f"made {path}{_missing(name)}", as_json=as_json, path=str(path))


def _by_title(actions: tuple[tuple[str, str], ...]) -> dict[str, str]:
    titles = [title for title, _ in actions]
    if twice := [title for title in titles if titles.count(title) > 1]:
        raise ValueError(f"action {twice[0]!r} is given more than once: give each a title of its own")
    return dict(actions)


def _missing(name: str) -> str:
    """Return a hint if the program is missing: it may be misspelt, or not installed yet."""
    import shutil

    from wesktop.entries.records import load

    record = load(name)
    program = record.command[0] if record else ""
    return "" if shutil.which(program) else f"; {program!r} is not there yet, and launchers hide it until it is"


@entry.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Remove everything that was created for the entry NAME."""
    from wesktop.entries import remove_entry

    with _wrong_values_are_usage():
        found = remove_entry(name)
    if not found:
        raise click.ClickException(f"there is no entry {name!r}; `wesktop entry list` shows those that are.")
    show_done(name, "removed", as_json=as_json)


@entry.command("list")
@json_option
def list_made(as_json: bool) -> None:
    """List the entries. Exit code 1: the records of some cannot be read."""
    from wesktop.cli.render import one_line, table
    from wesktop.entries import list_entries

    errors: list[OSError] = []
    entries = list_entries(errors.append)
    if as_json:
        show_json({"entries": [_fields(asdict(made)) for made in entries]})
    elif entries:
        rows = [(one_line(made.name), made.id, _ways(made), one_line(made.path)) for made in entries]
        click.echo("\n".join(table(("NAME", "APP ID", "ALSO", "PATH"), rows)))
    elif not errors:
        click.echo("There is no entry.")
    end_in_part(map(str, errors))


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in FIELDS}


def _ways(record: "Record") -> str:
    """Return what else starts the program: login, links, files."""
    schemes = [f"{scheme}:" for scheme in record.url_schemes]
    return ", ".join([*["login"] * record.autostart, *schemes, *record.mime_types]) or "-"


@contextlib.contextmanager
def _wrong_values_are_usage() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
