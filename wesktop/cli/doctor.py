"""`wesktop doctor`: what is wrong here, and what cures it."""

import click

from wesktop.cli.output import WholeNumber


@click.command()
@click.option("--no-window", is_flag=True, help="No window is to be opened here: a server without a screen.")
@click.option(
    "--port",
    type=WholeNumber(1, 65535),
    multiple=True,
    metavar="PORT",
    help="A port that is to be free; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable; docs/doctor.md has the schema.")
@click.pass_context
def doctor(context: click.Context, no_window: bool, port: tuple[int, ...], as_json: bool) -> None:
    """Say what is wrong here, each with the line that cures it.

    Where this command does not start, `python -m wesktop.doctor` does.

    Exit codes: 0 no problem (there may be warnings), 1 a problem, 2 usage.
    """
    from wesktop.doctor.examine import examine, show

    context.exit(show(examine(window=not no_window, ports=port), as_json=as_json))
