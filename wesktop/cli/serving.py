"""The commands that start something: `wesktop run` and `wesktop serve`."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from wesktopd.errors import WesktopError
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, START_TIMEOUT
from wesktopd.startup_imports import all_loaded


def _none_if_zero(_: click.Context, __: click.Parameter, value: float) -> float | None:
    return value or None


HOW = (
    click.option("--csp", help="Content-Security-Policy of HTML, SVG and XML where the app gives none."),
    click.option("--allowed-origin", "allowed_origins", multiple=True, metavar="ORIGIN",
                 help="A site whose pages may send requests; may be repeated."),
    click.option("--allowed-host", "allowed_hosts", multiple=True, metavar="NAME",
                 help="A further name of the server; may be repeated."),
    click.option("--allow-remote", is_flag=True, help="The host may be one that other machines reach."),
    click.option("--log-format", type=click.Choice(["text", "json", "off"]), default="text", show_default=True,
                 help="How the log file is written."),
    click.option("--access-log", is_flag=True, help="Log every request."),
    click.option("--max-rss", type=float, default=0, metavar="MIB", callback=_none_if_zero,
                 help="Replace a worker that needs more memory.  [default: 0 = no limit]"),
    click.option("--max-lifetime", type=float, default=0, metavar="SECONDS", callback=_none_if_zero,
                 help="Replace a worker after so long.  [default: 0 = never]"),
    click.option("--idle-timeout", type=float, default=0, metavar="SECONDS", callback=_none_if_zero,
                 help="End after so long without a window or a request.  [default: 0 = never]"),
    click.option("--hang-timeout", type=float, default=HANG_TIMEOUT, show_default=True, metavar="SECONDS",
                 callback=_none_if_zero, help="Replace a worker that stands still for so long; 0 = never."),
    click.option("--start-timeout", type=float, default=START_TIMEOUT, show_default=True, metavar="SECONDS",
                 help="How long the app has to become ready in."),
    click.option("--drain-timeout", type=float, default=DRAIN_TIMEOUT, show_default=True, metavar="SECONDS",
                 help="How long open requests have to finish in at a stop or restart."),
    click.option("--workers", type=int, default=1, show_default=True, help="How many processes serve."),
    click.option("--factory", is_flag=True, help="TARGET is a function that returns the app."),
    click.option("--pid-path", type=click.Path(path_type=Path), help="Write the server's PID to this file."),
)  # fmt: skip
WHERE = (
    click.option("--port", type=int, default=8000, show_default=True, help="0 takes a free one and keeps it."),
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
)
NAMED = (click.option("--name", help="Identifies the app to `wesktop ctl`.  [default: TARGET's module]"),)

SESSION = click.option(
    "--session/--no-session", default=False, help="Let nobody in but windows, and who is let in by `wesktop ctl`."
)


def with_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decorator that gives a command these options."""

    def decorate(command: Any) -> Any:
        for option in options:
            command = option(command)
        return command

    return decorate


_server_options = with_options(*HOW, *NAMED, *WHERE, click.argument("target"))


@click.command(options_metavar="[OPTIONS]")
@_server_options
@click.argument("arguments", nargs=-1, metavar="[-- ARGUMENT...]")
@click.option(
    "--second-launch",
    default="focus",
    show_default=True,
    metavar="WHAT",
    help="What another start does while the app is open: focus, window, or MODULE:FUNCTION.",
)
@click.option("--title", help="The window's title.  [default: the app's name]")
@click.option("--width", type=int, default=1280, show_default=True, help="In pixels.")
@click.option("--height", type=int, default=800, show_default=True, help="In pixels.")
@click.option("--icon", type=click.Path(), help="PNG, SVG or ICO file.")
@click.option(
    "--background",
    default="#ffffff",
    show_default=True,
    help="Colour until the page has drawn, and behind one that has none.",
)
@click.option("--gui", type=click.Choice(["gtk", "qt"]), help="Toolkit.  [default: what is installed]")
@click.option("--debug", is_flag=True, help="Offer the page's developer tools.")
@click.option("--session/--no-session", default=True, help="Let nobody in but the app's windows.  [default: session]")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    metavar="NAME",
    help="What the page may use, such as camera; can be given several times.",
)
@click.option("--downloads/--no-downloads", default=True, show_default=True, help="Whether it may offer files.")
@click.option("--keep-alive", is_flag=True, help="Go on serving when the window is closed.")
def run(target: str, title: str | None, name: str | None, **options: Any) -> None:
    """Serve TARGET and show it in a native window until that is closed.

    The ARGUMENTs, such as files or a link, are handed to the app; to the one that runs, where it does already.
    """
    from wesktop.desktop import run

    _import_from_working_directory()
    all_loaded()
    with _output_seen():
        run(target, title=title or name or target.partition(":")[0], name=name, **options)


@click.command()
@_server_options
@SESSION
@click.option("--detach", is_flag=True, help="Return when it answers; it goes on in the background.")
def serve(target: str, name: str | None, detach: bool, **options: Any) -> None:
    """Serve TARGET without a window until Ctrl-C or SIGTERM."""
    from wesktop.server import serve_app

    _import_from_working_directory()
    if detach:
        _detach(target, name, options)
        return
    with _output_seen():
        serve_app(target, name, owns_process=True, **options)


def _detach(target: str, name: str | None, options: dict[str, Any]) -> None:
    from wesktop.server import serving_spec
    from wesktopd.daemonize import is_reachable, start_detached

    spec = serving_spec(target, name, options)
    url = start_detached(spec)
    how = f"; stop it with `wesktop ctl stop {spec.name}`" if is_reachable(spec.name) else ""
    click.echo(f"{spec.name}: running on {url}{how}")


@contextlib.contextmanager
def _output_seen() -> Iterator[None]:
    """What the app prints comes to this terminal as it is printed: an error need not show the end of it again."""
    try:
        yield
    except WesktopError as error:
        error.log_tail = ""
        raise


def _import_from_working_directory() -> None:
    """The command's own directory is `sys.path[0]`; the target is to be found where the user stands."""
    sys.path.insert(0, "")
