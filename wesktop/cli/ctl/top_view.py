"""Renders a frame of `wesktop ctl top` as a table of rich."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from rich.table import Table
from rich.text import Text

from wesktop.cli.ctl.reports import COLOURS
from wesktop.cli.ctl.top_meters import KEPT, AppMeter, Meter, squeeze
from wesktop.cli.render import duration, or_dash, size, sparkline
from wesktopd.text import printable

GAP = 2
NARROWEST, WIDEST = 5, KEPT // 2  # characters of a sparkline
FULL_CPU = 100.0  # percent: a full bar is at least this, so that an idle app looks idle


class Column(NamedTuple):
    """A column: its title, the justification of its cells, and their text for a meter."""

    title: str
    justify: Literal["left", "right"]
    show: Callable[[Meter], str]


COLUMNS = (
    Column("APP", "left", lambda meter: meter.label),
    Column("STATE", "left", lambda meter: meter.state),
    Column("PID", "right", lambda meter: or_dash(meter.pid)),
    Column("UPTIME", "right", lambda meter: "-" if meter.uptime is None else duration(meter.uptime)),
    Column("REQ", "right", lambda meter: or_dash(meter.requests)),
    Column("CPU %", "right", lambda meter: "-" if meter.cpu is None else f"{meter.cpu:.1f}"),
    Column("MEMORY", "right", lambda meter: size(meter.rss)),
)


def frame(apps: Sequence[AppMeter], width: int) -> Table | Text:
    """Return a table with a row for each app and worker, with sparklines as wide as fits into `width` columns."""
    if not apps:
        return Text("no app is running")
    meters = [meter for app in apps for meter in (app.total, *app.workers.values())]
    curve = _curve_width(meters, width)
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for column in COLUMNS:
        table.add_column(column.title, justify=column.justify, no_wrap=True)
        if curve and column.title in ("CPU %", "MEMORY"):
            table.add_column("", width=curve, no_wrap=True)
    for app in apps:
        table.add_row(*_cells(app.total, curve), style="bold")
        for worker in app.workers.values():
            table.add_row(*_cells(worker, curve))
    return table


def _curve_width(meters: Iterable[Meter], width: int) -> int:
    """Return the width of each of the two sparklines; 0 if they do not fit."""
    rows = [[column.title for column in COLUMNS], *([column.show(meter) for column in COLUMNS] for meter in meters)]
    taken = sum(max(map(len, cells)) + GAP for cells in zip(*rows, strict=True)) + 2 * GAP
    left = (width - taken) // 2
    return min(left, WIDEST) if left >= NARROWEST else 0


def _cells(meter: Meter, curve: int) -> list[Text]:
    cells = [Text(printable(column.show(meter))) for column in COLUMNS]
    cells[1].stylize(COLOURS.get(meter.state, ""))
    if not curve:
        return cells
    *others, memory = cells
    # Memory is scaled to its own maximum, CPU to one busy processor at least.
    cpu_curve = _curve(meter.cpu_curve, curve, FULL_CPU)
    return [*others, Text(cpu_curve, "cyan"), memory, Text(_curve(meter.rss_curve, curve, 0.0), "magenta")]


def _curve(values: Sequence[float], width: int, least: float) -> str:
    return sparkline(squeeze(values, width), width, max((*values, least)))
