"""The findings of checks, and their format. No I/O."""

import dataclasses
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from wesktopd.text import printable

JSON_VERSION = 1
FINE, TROUBLE = 0, 1  # exit codes


class Level(StrEnum):
    """ok: fine. warning: works, with a drawback. problem: something will fail."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclasses.dataclass(frozen=True)
class Finding:
    """The result of a check. cure: a command or instruction that fixes it."""

    level: Level
    text: str
    cure: str | None = None


def ok(text: str) -> Finding:
    """Return a finding without a complaint."""
    return Finding(Level.OK, text)


def warning(text: str, cure: str | None = None) -> Finding:
    """Return a finding of something that works, with a drawback."""
    return Finding(Level.WARNING, text, cure)


def problem(text: str, cure: str | None = None) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(Level.PROBLEM, text, cure)


Report = Sequence[tuple[str, Sequence[Finding]]]
"""The findings of each subject, in order."""

COLOURS = {Level.OK: "32", Level.WARNING: "33", Level.PROBLEM: "31"}  # SGR: green, yellow, red
WIDTH = max(map(len, Level))


def exit_code(report: Report) -> int:
    """Return TROUBLE if there is a problem; warnings do not count."""
    return TROUBLE if _count(report, Level.PROBLEM) else FINE


def as_fields(report: Report) -> dict[str, Any]:
    """Return the output of --json."""
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
    """Return the output for people."""
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
    """Make text, which may be untrusted, fit for a terminal: on one line, without control characters."""
    return printable(" ".join(text.split()))


def _sum(problems: int, warnings: int) -> str:
    if not problems and not warnings:
        return "All is well."
    return f"{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}."


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _count(report: Report, level: Level) -> int:
    return sum(finding.level is level for _, findings in report for finding in findings)
