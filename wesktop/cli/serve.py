"""`wesktop serve`."""

from typing import Any

import click

from wesktop.cli.options import command_line_options, with_options
from wesktop.cli.starting import import_from_working_directory, output_seen
from wesktopd.options import SERVE


@click.command()
@with_options(command_line_options(SERVE))
@click.argument("target")
def serve(target: str, name: str | None, detach: bool, **options: Any) -> None:
    """Serve TARGET without a window until Ctrl-C or SIGTERM."""
    from wesktop.server import serve_app

    import_from_working_directory()
    if detach:
        _detach(target, name, options)
        return
    with output_seen():
        serve_app(target, name, owns_process=True, **options)


def _detach(target: str, name: str | None, options: dict[str, Any]) -> None:
    from wesktop.server import serving_spec
    from wesktopd.daemonize import is_reachable, start_detached

    spec = serving_spec(target, name, options)
    url = start_detached(spec)
    how = f"; stop it with `wesktop ctl stop {spec.name}`" if is_reachable(spec.name) else ""
    click.echo(f"{spec.name}: running on {url}{how}")
