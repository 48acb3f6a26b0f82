"""Runs all checks; one that raises becomes a finding."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from wesktop.doctor.finding import Finding, Report, as_fields, as_lines, exit_code, problem

# By name: a check's module is imported in its turn, which may fail.
CHECKS = {
    "Python": "python:check_python",
    "packages": "python:check_packages",
    "window": "window:check_window",
    "directories": "directories:check_directories",
    "services": "running:check_services",
    "ports": "running:check_ports",
    "apps": "running:check_apps",
}


def examine(*, window: bool = True, ports: Sequence[int] = ()) -> Report:
    """Return the findings of each subject. window: whether to check for windows. ports: those that should be free."""
    checks = {subject: home for subject, home in CHECKS.items() if window or subject != "window"}
    return [(subject, _findings(home, ports)) for subject, home in checks.items()]


def _findings(home: str, ports: Sequence[int]) -> list[Finding]:
    found: list[Finding] = []
    module, name = home.split(":")
    try:
        check: Callable[..., Iterable[Finding]] = getattr(import_module(f"wesktop.doctor.{module}"), name)
        for finding in check(ports) if name == "check_ports" else check():
            found.append(finding)
    except Exception as error:
        found.append(problem(f"this cannot be checked: {type(error).__name__}: {error}", _cure(error)))
    return found


def _cure(error: Exception) -> str | None:
    """Return the command that installs a package that is missing, or does not load."""
    name = (error.name or "").partition(".")[0] if isinstance(error, ImportError) else ""
    return f"pip install --force-reinstall {name.replace('_', '-')}" if name else None


def show(report: Report, *, as_json: bool) -> int:
    """Print the findings, unless stdout is closed, and return the exit code."""
    if sys.stdout is None:
        return exit_code(report)
    if as_json:
        text = json.dumps(as_fields(report), indent=2)
    else:
        coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")  # see no-color.org
        text = "\n".join(as_lines(report, coloured=coloured))
    sys.stdout.buffer.write(f"{text}\n".encode(sys.stdout.encoding, errors="backslashreplace"))
    sys.stdout.flush()
    return exit_code(report)
