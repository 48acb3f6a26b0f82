"""`wesktop run` and `wesktop serve`."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import click

from wesktop.cli.options import command_line_options, with_options
from wesktopd.errors import WesktopError
from wesktopd.options import RUN, SERVE
from wesktopd.startup_imports import all_loaded


@click.command(options_metavar="[OPTIONS]")
@with_options(command_line_options(RUN))
@click.argument("target")
@click.argument("arguments", nargs=-1, metavar="[-- ARGUMENT...]")
def run(target: str, title: str | None, name: str | None, **options: Any) -> None:
    """Serve TARGET, and show it in a native window until the window is closed.

    The ARGUMENTs, such as files or a link, are passed to the app, or to its running instance.
    """
    from wesktop.desktop import run

    _import_from_working_directory()
    all_loaded()
    with _output_already_shown():
        run(target, title=title or name or target.partition(":")[0], name=name, **options)


@click.command()
@with_options(command_line_options(SERVE))
@click.argument("target")
def serve(target: str, name: str | None, detach: bool, **options: Any) -> None:
    """Serve TARGET without a window until Ctrl-C or SIGTERM."""
    from wesktop.server import serve_app

    _import_from_working_directory()
    if detach:
        _detach(target, name, options)
        return
    with _output_already_shown():
        serve_app(target, name, owns_process=True, **options)


def _detach(target: str, name: str | None, options: dict[str, Any]) -> None:
    from wesktop.server import serving_spec
    from wesktopd.daemonize import is_reachable, start_detached

    spec = serving_spec(target, name, options)
    url = start_detached(spec)
    how = f"; stop it with `wesktop ctl stop {spec.name}`" if is_reachable(spec.name) else ""
    click.echo(f"{spec.name}: running on {url}{how}")


@contextlib.contextmanager
def _output_already_shown() -> Iterator[None]:
    """Omit the end of the log from errors: the app's output is already on this terminal."""
    try:
        yield
    except WesktopError as error:
        error.log_tail = ""
        raise


def _import_from_working_directory() -> None:
    """Search for the target in the working directory; `sys.path[0]` is the command's own directory."""
    sys.path.insert(0, "")
