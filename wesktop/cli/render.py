"""How values, tables and foreign text look in a terminal. No I/O; `click.echo` takes the colours away for a pipe."""

import time
from collections.abc import Iterable, Sequence

import click

from wesktopd.text import printable, without_colours

GAP = "  "
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
BARS = "▁▂▃▄▅▆▇█"


def duration(seconds: float) -> str:
    """Seconds as people say them: 42 s, 5 min, 3.2 h, 2.5 d."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} d"


def size(amount: float | None) -> str:
    """Bytes in the unit that suits them: 640 B, 48.2 MiB; "-" where it is not known."""
    if amount is None:
        return "-"
    unit = 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{amount:.1f} {UNITS[unit]}" if unit else f"{amount:.0f} B"


def or_dash(value: object) -> str:
    """The value, or "-" for None."""
    return "-" if value is None else str(value)


def local_time(moment: float) -> str:
    """A time in seconds since the epoch, in this place's time to the millisecond; `--since` takes it."""
    milliseconds = int(moment * 1000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(milliseconds // 1000))}.{milliseconds % 1000:03}"


def one_line(text: str) -> str:
    """Text of others for a table: printable, its lines joined, without colours."""
    return printable(without_colours(" ".join(line.strip() for line in text.splitlines())))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """The rows with their columns aligned, those of `right` to the right. Cells may be coloured."""
    widths = [max(len(click.unstyle(row[column])) for row in (header, *rows)) for column in range(len(header))]
    alignments = [">" if name in right else "<" for name in header]
    titles = [click.style(name, dim=True) for name in header]
    return [GAP.join(map(_pad, row, widths, alignments)).rstrip() for row in (titles, *rows)]


def _pad(cell: str, width: int, alignment: str) -> str:
    blanks = " " * (width - len(click.unstyle(cell)))
    return blanks + cell if alignment == ">" else cell + blanks


def fields(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Names and what they stand for, in two columns."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{click.style(name.ljust(width), dim=True)}{GAP}{value}" for name, value in pairs]


def indented(lines: Sequence[str]) -> list[str]:
    """The lines, set apart from the margin."""
    return [f"{GAP}{line}" for line in lines]


def sparkline(values: Iterable[float], width: int, top: float) -> str:
    """The last `width` values as a curve of that many characters, from the right; `top` is its full height."""
    shown = [*values][-width:]
    highest = len(BARS) - 1
    bars = (BARS[max(0, min(highest, round(value / top * highest) if top > 0 else 0))] for value in shown)
    return "".join(bars).rjust(width)
