"""The verbs that show apps: `list`, `status` and `config`."""

import time
from typing import Any

import click

from wesktop.cli.output import app_argument, chosen, json_option, show_json
from wesktopd.text import printable_json


@click.command("list")
@json_option
def list_apps(as_json: bool) -> None:
    """List your apps: those running, and those that `start` can start. For root, also the machine's services."""
    from wesktop.cli.ctl.reports import apps_table, as_entry
    from wesktopd import client, configs, other_users
    from wesktopd.spec import is_name

    running = {**dict(other_users.reports()), **dict(client.reports())}
    stopped = [name for name in configs.known() if name not in running and is_name(name)]
    entries = [
        *(as_entry(name, report, running=True) for name, report in running.items()),
        *(as_entry(name, None, running=False) for name in stopped),
    ]
    if as_json:
        show_json({"apps": entries})
    elif entries:
        click.echo("\n".join(apps_table(entries, time.time())))
    else:
        click.echo("No app is running, and none is known.")


@click.command()
@app_argument
@json_option
def status(name: str | None, as_json: bool) -> None:
    """Show the status of an app and its workers."""
    from wesktop.cli.ctl.reports import as_fields, as_lines
    from wesktopd import client
    from wesktopd.release import installed_release

    report = client.status(chosen(name))
    if as_json:
        show_json(as_fields(report))
    else:
        click.echo("\n".join(as_lines(report, time.time(), installed_release())))


@click.command()
@app_argument
@json_option
def config(name: str | None, as_json: bool) -> None:
    """Show an app's configuration as TOML: the one it is running with, or else its config file."""
    from wesktopd import configs

    name = chosen(name)
    fields = _config(name)
    if as_json:
        show_json({"name": name, "config": fields})
    else:
        click.echo(printable_json(configs.as_toml(fields)), nl=False)


def _config(name: str) -> dict[str, Any]:
    import msgspec

    from wesktopd import client, configs
    from wesktopd.errors import NotRunningError
    from wesktopd.paths import config_file

    try:
        return client.config(name)
    except NotRunningError:
        if not config_file(name).exists():
            raise NotRunningError(f"{name!r} is not running, and has no config file.") from None
        fields: dict[str, Any] = msgspec.to_builtins(configs.load(name))
        return fields
