"""The root of the command line."""

import click

from wesktop.cli.lazy import LazyGroup


def _print_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        import wesktop

        click.echo(f"wesktop {wesktop.__version__}")
        context.exit()


@click.group(
    cls=LazyGroup,
    homes={
        "run": "wesktop.cli.run:run",
        "serve": "wesktop.cli.serve:serve",
        "ctl": "wesktop.cli.ctl.group:ctl",
        "entry": "wesktop.cli.entries:entry",
        "service": "wesktop.cli.service:service",
        "doctor": "wesktop.cli.doctor:doctor",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Desktop programs in Python with a web interface.

    TARGET is the "module:attribute" of an ASGI app, searched for in the working directory first.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running or not ready, 4 permission, 5 timed out, 130 Ctrl-C.
    """
