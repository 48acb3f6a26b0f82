"""`wesktop ctl`: what runs, and how to stop it."""

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wesktopd.protocol import Report

JSON_VERSION = 1


@click.group()
def ctl() -> None:
    """Control running apps.

    NAME may be left out where one app is running.
    """


@ctl.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable; the schema is in the documentation.")
def status(name: str | None, as_json: bool) -> None:
    """Show how an app is."""
    from wesktopd import client

    report = client.status(name or _only_one())
    click.echo(_as_json(report) if as_json else _as_text(report))


@ctl.command()
@click.argument("name", required=False)
@click.option("--timeout", type=float, default=30.0, show_default=True, metavar="SECONDS", help="Give up after it.")
def stop(name: str | None, timeout: float) -> None:
    """Stop an app gracefully, and wait until it is gone."""
    from wesktopd import client

    client.stop(name or _only_one(), timeout)


def _only_one() -> str:
    """The name of the one app that runs. Raises NotRunningError for none, a usage error for several."""
    from wesktopd import client
    from wesktopd.errors import NotRunningError

    names = client.running()
    if not names:
        raise NotRunningError("no app is running.")
    if len(names) > 1:
        raise click.UsageError(f"several apps are running: name one of {', '.join(names)}.")
    return names[0]


def _as_json(report: "Report") -> str:
    import msgspec

    fields = msgspec.to_builtins(report)
    for internal in ("type", "id", "import_path"):
        fields.pop(internal, None)
    return msgspec.json.format(msgspec.json.encode({"version": JSON_VERSION, **fields}), indent=2).decode()


def _as_text(report: "Report") -> str:
    lines = [
        f"{report.name}  {report.target}",
        f"  url      {report.url}",
        f"  pid      {report.pid}, up {duration(time.time() - report.started)}",
        f"  windows  {report.windows}{', ends with the last one' if report.one_shot else ''}",
    ]
    for worker in report.workers:
        process = f"pid {worker.pid}" if worker.pid else "no process"
        restarts = f", {worker.restarts} restarts, last exit: {worker.last_exit}" if worker.last_exit else ""
        lines.append(f"  worker   {worker.state} for {duration(worker.uptime)}, {process}{restarts}")
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as people say them: 42 s, 5 min, 3.2 h, 2.5 d."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} d"
