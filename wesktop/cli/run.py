"""`wesktop run`."""

from typing import Any

import click

from wesktop.cli.options import command_line_options, with_options
from wesktop.cli.starting import import_from_working_directory, output_seen
from wesktopd.options import RUN
from wesktopd.startup_imports import all_loaded


@click.command(options_metavar="[OPTIONS]")
@with_options(command_line_options(RUN))
@click.argument("target")
@click.argument("arguments", nargs=-1, metavar="[-- ARGUMENT...]")
def run(target: str, title: str | None, name: str | None, **options: Any) -> None:
    """Serve TARGET and show it in a native window until that is closed.

    The ARGUMENTs, such as files or a link, are passed to the app, or to the one that is running already.
    """
    from wesktop.desktop import run

    import_from_working_directory()
    all_loaded()
    with output_seen():
        run(target, title=title or name or target.partition(":")[0], name=name, **options)
