"""`wesktop doctor`: find problems of this installation, with a remedy for each."""

import click

from wesktop.cli.output import WholeNumber


@click.command()
@click.option("--no-window", is_flag=True, help="Skip the checks for windows, on a server without a screen.")
@click.option(
    "--port",
    type=WholeNumber(1, 65535),
    multiple=True,
    metavar="PORT",
    help="Check that this port is free. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its schema is in docs/doctor.md.")
@click.pass_context
def doctor(context: click.Context, no_window: bool, port: tuple[int, ...], as_json: bool) -> None:
    """Check this installation, and print a command for each problem that fixes it.

    If this command does not start, use `python -m wesktop.doctor`.

    Exit codes: 0 no problem (warnings are possible), 1 a problem, 2 usage.
    """
    from wesktop.doctor.examine import examine, show

    context.exit(show(examine(window=not no_window, ports=port), as_json=as_json))
