"""`wesktop ctl`: the group of the verbs that inspect and control apps."""

import os

import click

from wesktop.cli.lazy import LazyGroup

VERBS = {
    "list": "show:list_apps",
    "status": "show:status",
    "start": "control:start",
    "stop": "control:stop",
    "restart": "control:restart",
    "scale": "control:scale",
    "open": "control:open_app",
    "token": "control:token",
    "emit": "control:emit",
    "logs": "follow:logs",
    "events": "follow:events",
    "top": "top:top",
    "wait": "control:wait",
    "config": "show:config",
    "upgrade": "control:upgrade",
}


@click.group(cls=LazyGroup, homes={verb: f"wesktop.cli.ctl.{home}" for verb, home in VERBS.items()})
@click.pass_context
def ctl(context: click.Context) -> None:
    """Inspect and control apps.

    NAME may be omitted if only one app is running.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running or not ready, 4 permission, 5 timed out, 130 Ctrl-C.
    """
    if os.environ.get("NO_COLOR"):  # see no-color.org
        context.color = False
