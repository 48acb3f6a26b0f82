"""Formats values, tables and untrusted text for a terminal. No I/O; `click.echo` removes colours for a pipe."""

import time
from collections.abc import Iterable, Sequence

import click

from wesktopd.text import printable, without_colours

GAP = "  "
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
BARS = "▁▂▃▄▅▆▇█"


def duration(seconds: float) -> str:
    """Format seconds: 42 s, 5 min, 3.2 h, 2.5 d."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} d"


def size(amount: float | None) -> str:
    """Format bytes: 640 B, 48.2 MiB; "-" for None."""
    if amount is None:
        return "-"
    unit = 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{amount:.1f} {UNITS[unit]}" if unit else f"{amount:.0f} B"


def or_dash(value: object) -> str:
    """Return the value as text, or "-" for None."""
    return "-" if value is None else str(value)


def local_time(moment: float) -> str:
    """Format seconds since the epoch as local time with milliseconds, which `--since` accepts."""
    milliseconds = int(moment * 1000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(milliseconds // 1000))}.{milliseconds % 1000:03}"


def one_line(text: str) -> str:
    """Make untrusted text fit for a table: printable, on one line, without colours."""
    return printable(without_colours(" ".join(line.strip() for line in text.splitlines())))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """Align the columns of the rows; those of `right` to the right. Cells may be coloured."""
    widths = [max(len(click.unstyle(row[column])) for row in (header, *rows)) for column in range(len(header))]
    alignments = [">" if name in right else "<" for name in header]
    titles = [click.style(name, dim=True) for name in header]
    return [GAP.join(map(_pad, row, widths, alignments)).rstrip() for row in (titles, *rows)]


def _pad(cell: str, width: int, alignment: str) -> str:
    blanks = " " * (width - len(click.unstyle(cell)))
    return blanks + cell if alignment == ">" else cell + blanks


def fields(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Align names and values in two columns."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{click.style(name.ljust(width), dim=True)}{GAP}{value}" for name, value in pairs]


def indented(lines: Sequence[str]) -> list[str]:
    """Indent the lines."""
    return [f"{GAP}{line}" for line in lines]


def sparkline(values: Iterable[float], width: int, top: float) -> str:
    """Draw the last `width` values, one character each, right-aligned. top: the value of a full bar."""
    shown = [*values][-width:]
    highest = len(BARS) - 1
    bars = (BARS[max(0, min(highest, round(value / top * highest) if top > 0 else 0))] for value in shown)
    return "".join(bars).rjust(width)
