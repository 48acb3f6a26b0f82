"""What a check has found, and how findings are shown. No I/O."""

import dataclasses
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from wesktopd.text import printable

JSON_VERSION = 1
FINE, TROUBLE = 0, 1  # exit codes


class Level(StrEnum):
    """ok: as it should be. warning: works, with a drawback. problem: something will fail."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was looked at. cure: the line that mends it, for a shell where it is a command."""

    level: Level
    text: str
    cure: str | None = None


def ok(text: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, text)


def warning(text: str, cure: str | None = None) -> Finding:
    """It works, but."""
    return Finding(Level.WARNING, text, cure)


def problem(text: str, cure: str | None = None) -> Finding:
    """It does not work."""
    return Finding(Level.PROBLEM, text, cure)


Report = Sequence[tuple[str, Sequence[Finding]]]
"""The findings of each subject, in order."""

COLOURS = {Level.OK: "32", Level.WARNING: "33", Level.PROBLEM: "31"}  # SGR: green, yellow, red
WIDTH = max(map(len, Level))


def exit_code(report: Report) -> int:
    """TROUBLE where there is a problem; a warning is none."""
    return TROUBLE if _count(report, Level.PROBLEM) else FINE


def as_fields(report: Report) -> dict[str, Any]:
    """For --json."""
    return {
        "version": JSON_VERSION,
        "problems": _count(report, Level.PROBLEM),
        "warnings": _count(report, Level.WARNING),
        "findings": [
            {"subject": subject, "level": finding.level.value, "text": finding.text, "cure": finding.cure}
            for subject, findings in report
            for finding in findings
        ],
    }


def as_lines(report: Report, *, coloured: bool) -> list[str]:
    """For people."""
    lines = []
    for subject, findings in report:
        if findings:
            lines.append(subject)
            lines += [line for finding in findings for line in _lines(finding, coloured)]
    return [*lines, "", _sum(_count(report, Level.PROBLEM), _count(report, Level.WARNING))]


def _lines(finding: Finding, coloured: bool) -> Iterable[str]:
    level = finding.level.ljust(WIDTH)
    if coloured:
        level = f"\x1b[{COLOURS[finding.level]}m{level}\x1b[0m"
    yield f"  {level}  {_shown(finding.text)}"
    if finding.cure:
        yield f"  {'':{WIDTH}}  cure: {_shown(finding.cure)}"


def _shown(text: str) -> str:
    """On one line, with nothing that a terminal would act upon: it may be others' words."""
    return printable(" ".join(text.split()))


def _sum(problems: int, warnings: int) -> str:
    if not problems and not warnings:
        return "All is well."
    return f"{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}."


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _count(report: Report, level: Level) -> int:
    return sum(finding.level is level for _, findings in report for finding in findings)
