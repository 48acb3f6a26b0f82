"""The verbs that show what has been: `logs` and `events`."""

import contextlib
import itertools
import math
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import click

from wesktop.cli.output import WholeNumber, app_argument, chosen, json_option, show_json_line
from wesktop.cli.render import local_time, one_line
from wesktopd.startup_imports import all_loaded
from wesktopd.text import printable_output

if TYPE_CHECKING:
    from pathlib import Path

    from wesktopd.wire.control_messages import Happened

LINES = 50  # that are shown where nothing else is asked for
KIND_WIDTH = 14

follow_option = click.option("-f", "--follow", is_flag=True, help="Go on until the app ends or Ctrl-C.")


class Line(Protocol):
    """A line that was printed, whether it comes from the supervisor or from the log file."""

    @property
    def time(self) -> float: ...
    @property
    def pid(self) -> int: ...
    @property
    def stream(self) -> str: ...
    @property
    def text(self) -> str: ...


def _since(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    from wesktop.cli.ctl.since import parse_since

    try:
        return None if value is None else parse_since(value, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@app_argument
@follow_option
@click.option(
    "-n",
    "--lines",
    type=WholeNumber(min=0),
    metavar="N",
    help=f"The last N lines.  [default: {LINES}, or all with --since]",
)
@click.option("--since", callback=_since, metavar="TIME", help="From then on: 10m, 2h, 14:30, 2026-01-31T14:30.")
@json_option
def logs(name: str | None, follow: bool, lines: int | None, since: float | None, as_json: bool) -> None:
    """Show what an app has printed, also before its last start or after its end."""
    all_loaded()
    name = chosen(name)
    if lines is None and since is None:
        lines = LINES
    several, found = _logs(name, lines, since, follow)
    for line in found:
        if as_json:
            show_json_line({"time": line.time, "pid": line.pid, "stream": line.stream, "text": line.text})
        else:
            click.echo(_log_line(line, with_pid=several))


def _log_line(line: Line, *, with_pid: bool) -> str:
    prefix = f"{local_time(line.time)} {line.pid:>7}" if with_pid else local_time(line.time)
    return f"{click.style(prefix, dim=True)} {printable_output(line.text)}"


def _logs(name: str, lines: int | None, since: float | None, follow: bool) -> tuple[bool, Iterator[Line]]:
    """Whether several processes print, and what they have printed, from memory where it reaches far enough."""
    from wesktopd import client
    from wesktopd.errors import NotRunningError
    from wesktopd.logs.logfile import OWN

    now = time.time()
    try:
        report = client.status(name)
        recent: list[Line] = list(client.logs(name, lines, since)) if lines != 0 else []
    except NotRunningError:
        stored = _stored(name, lines, since)
        return len({line.pid for line in stored if line.stream != OWN}) > 1, iter(stored)
    older = _older(report.log_file, recent, lines, since)
    # No two lines have the same time: what comes after the last one is new.
    coming = _coming(name, math.nextafter(recent[-1].time, math.inf) if recent else now) if follow else iter(())
    return report.wanted > 1, itertools.chain(older, recent, coming)


def _coming(name: str, after: float) -> Iterator[Line]:
    """What is printed from then on, to the app's end."""
    from wesktopd import client
    from wesktopd.errors import NotRunningError

    with contextlib.suppress(NotRunningError):  # it has ended meanwhile
        yield from client.logs(name, None, after, follow=True)


def _older(log_file: str | None, recent: list[Line], lines: int | None, since: float | None) -> Iterable[Line]:
    """What was asked for and is older than all that the supervisor has kept."""
    missing = None if lines is None else lines - len(recent)
    first = recent[0].time if recent else None
    if log_file is None or missing == 0 or (since is not None and first is not None and since >= first):
        return ()
    from pathlib import Path

    from wesktopd.text import sent_path

    with contextlib.suppress(OSError):  # the app itself is there to be shown
        return _from_file(Path(sent_path(log_file)), missing, since, first)
    return ()


def _stored(name: str, lines: int | None, since: float | None) -> list[Line]:
    """What an app printed that is not running. Raises NotRunningError where nothing is stored."""
    from wesktopd.errors import NotRunningError
    from wesktopd.paths import log_file

    path = log_file(name)
    try:
        return _from_file(path, lines, since, None)
    except FileNotFoundError:
        raise NotRunningError(f"{name!r} is not running, and has no log file {path}.") from None


def _from_file(path: "Path", lines: int | None, since: float | None, before: float | None) -> list[Line]:
    from wesktopd.logs.logfile import read_log

    return list(read_log(path, lines, since, before))


@click.command()
@app_argument
@follow_option
@json_option
def events(name: str | None, follow: bool, as_json: bool) -> None:
    """Show what has happened to an app: starts, exits, restarts."""
    all_loaded()
    from wesktopd import client

    for event in client.events(chosen(name), follow=follow):
        if as_json:
            show_json_line(_event_fields(event))
        else:
            click.echo(_event_line(event))


def _event_fields(event: "Happened") -> dict[str, Any]:
    return {
        "time": event.time,
        "kind": event.kind,
        "text": event.text,
        "pid": event.pid,
        "generation": event.generation,
    }


def _event_line(event: "Happened") -> str:
    about = [f"pid {event.pid}"] if event.pid is not None else []
    about += [f"generation {event.generation}"] if event.generation is not None else []
    suffix = click.style(f" ({', '.join(about)})", dim=True) if about else ""
    time_and_kind = f"{click.style(local_time(event.time), dim=True)} {one_line(event.kind).ljust(KIND_WIDTH)}"
    return f"{time_and_kind} {one_line(event.text)}{suffix}"
