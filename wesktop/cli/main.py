"""The commands that start something: `wesktop run` and `wesktop serve`."""

import sys
from pathlib import Path
from typing import Any

import click

from wesktop.cli.ctl import ctl
from wesktopd.limits import DRAIN_TIMEOUT


def _print_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        import wesktop

        click.echo(f"wesktop {wesktop.__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Desktop programs in Python with a web face.

    TARGET is "module:attribute" of an ASGI app, looked for in the working directory first.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 permission, 5 timed out.
    """


def _server_options(command: Any) -> Any:
    """The options that `run` and `serve` share."""
    for option in (
        click.option("--drain-timeout", type=float, default=DRAIN_TIMEOUT, show_default=True, metavar="SECONDS",
                     help="How long open requests have to finish in at a stop."),
        click.option("--factory", is_flag=True, help="TARGET is a function that returns the app."),
        click.option("--pid-path", type=click.Path(path_type=Path), help="Write the server's PID to this file."),
        click.option("--name", help="Identifies the app to `wesktop ctl`.  [default: TARGET's module]"),
        click.option("--port", type=int, default=8000, show_default=True, help="0 takes a free one and keeps it."),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.argument("target"),
    ):  # fmt: skip
        command = option(command)
    return command


@cli.command()
@_server_options
@click.option("--title", help="The window's title.  [default: the app's name]")
@click.option("--width", type=int, default=1280, show_default=True, help="In pixels.")
@click.option("--height", type=int, default=800, show_default=True, help="In pixels.")
@click.option("--icon", type=click.Path(), help="PNG, SVG or ICO file.")
@click.option("--background", default="#ffffff", show_default=True, help="Colour until the page has drawn.")
@click.option("--gui", type=click.Choice(["gtk", "qt"]), help="Toolkit.  [default: what is installed]")
@click.option("--debug", is_flag=True, help="Offer the page's developer tools.")
def run(target: str, title: str | None, name: str | None, **options: Any) -> None:
    """Serve TARGET and show it in a native window until that is closed."""
    from wesktop.desktop import run

    _import_from_working_directory()
    run(target, title=title or name or target.partition(":")[0], name=name, **options)


@cli.command()
@_server_options
def serve(target: str, name: str | None, **options: Any) -> None:
    """Serve TARGET without a window until Ctrl-C or SIGTERM."""
    from wesktop.server import DEFAULT_NAME, serve

    _import_from_working_directory()
    serve(target, name=name or DEFAULT_NAME, **options)


def _import_from_working_directory() -> None:
    """The command's own directory is `sys.path[0]`; the target is to be found where the user stands."""
    sys.path.insert(0, "")


cli.add_command(ctl)
