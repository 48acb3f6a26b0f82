"""The verbs that show the past, and follow it: `logs` and `events`."""

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

LINES = 50  # shown by default
KIND_WIDTH = 14

follow_option = click.option("-f", "--follow", is_flag=True, help="Keep printing until the app ends or Ctrl-C.")


class Line(Protocol):
    """A line of output, from the supervisor or the log file."""

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
@click.option(
    "--since", callback=_since, metavar="TIME", help="Start at this time: 10m (ago), 2h, 14:30, 2026-01-31T14:30."
)
@json_option
def logs(name: str | None, follow: bool, lines: int | None, since: float | None, as_json: bool) -> None:
    """Show an app's output, including that of earlier runs."""
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
    """Return whether several processes print, and their output: from memory and, if it is older, from the file."""
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
    # No two lines have the same time: lines after the last one are new.
    coming = _coming(name, math.nextafter(recent[-1].time, math.inf) if recent else now) if follow else iter(())
    return report.wanted > 1, itertools.chain(older, recent, coming)


def _coming(name: str, after: float) -> Iterator[Line]:
    """Yield the lines that are printed from then on, until the app ends."""
    from wesktopd import client
    from wesktopd.errors import NotRunningError

    with contextlib.suppress(NotRunningError):  # it has ended meanwhile
        yield from client.logs(name, None, after, follow=True)


def _older(log_file: str | None, recent: list[Line], lines: int | None, since: float | None) -> Iterable[Line]:
    """Return the requested lines that are older than those in the supervisor's memory."""
    missing = None if lines is None else lines - len(recent)
    first = recent[0].time if recent else None
    if log_file is None or missing == 0 or (since is not None and first is not None and since >= first):
        return ()
    from pathlib import Path

    from wesktopd.text import sent_path

    with contextlib.suppress(OSError):  # the lines in memory can still be shown
        return _from_file(Path(sent_path(log_file)), missing, since, first)
    return ()


def _stored(name: str, lines: int | None, since: float | None) -> list[Line]:
    """Return the output of an app that is not running. Raises NotRunningError if it has no log file."""
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
    """Show an app's history: starts, exits, restarts."""
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
