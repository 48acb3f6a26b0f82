"""Checks the interpreter and the packages."""

import importlib.metadata
import re
import sys
from collections.abc import Iterator

from wesktop.doctor.child import ProbeError, probe
from wesktop.doctor.finding import Finding, ok, problem, warning
from wesktop.doctor.source import install_source
from wesktop.extras import PACKAGES

OLDEST = (3, 11)
MODULES = {"tomli-w": "tomli_w", "pywebview": "webview", "python-multipart": "python_multipart", "QtPy": "qtpy"}
OWN = ("granian", "msgspec", "psutil", "pywebview", "platformdirs", "click", "tomli-w")  # if there is no metadata
EXTRAS = {extra: first.partition(">")[0] for extra, (first, *_) in PACKAGES.items() if extra != "qt"}  # see window.py

_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*\(?([^;()]*)\)?\s*(;.*)?$")
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|<|>)\s*([0-9][0-9.]*)")


def check_python() -> Iterator[Finding]:
    """Check the version, and whether there is an interpreter that can start workers and windows."""
    version = ".".join(map(str, sys.version_info[:3]))
    place = "a virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    if sys.version_info[:2] < OLDEST:
        yield problem(f"Python {version} is too old: 3.11 or newer is needed", "python3.11 -m venv .venv")
    elif getattr(sys, "frozen", False) or not sys.executable:
        yield problem("there is no Python interpreter to start: run from an installed one")
    else:
        yield ok(f"Python {version}, {sys.executable} ({place})")


def check_packages() -> Iterator[Finding]:
    """Check that each required package is installed, in a suitable version, and can be imported."""
    try:
        yield ok(f"wesktop {importlib.metadata.version('wesktop')}")
        stated = importlib.metadata.requires("wesktop") or []
    except importlib.metadata.PackageNotFoundError:
        yield warning("wesktop is not installed", f"pip install {install_source()}")
        stated = [*OWN]
    wanted = dict(filter(None, map(requirement, stated)))
    broken = {}
    for name, constraint in wanted.items():
        finding = _installed(name, constraint)
        if finding is not None:
            broken[name] = finding
    for name, error in loading_errors([name for name in wanted if name not in broken]).items():
        broken[name] = problem(f"{name} does not load: {error}", f"pip install --force-reinstall {name}")
        # Makes other checks that need it raise ImportError, instead of crashing this process.
        sys.modules[MODULES.get(name, name)] = None  # type: ignore[assignment]
    yield from broken.values()
    fine = [f"{name} {importlib.metadata.version(name)}" for name in wanted if name not in broken]
    if fine:
        yield ok(", ".join(fine))
    yield from _extras()


def _installed(name: str, constraint: str) -> Finding | None:
    """Return a problem with a package's version, or None."""
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return problem(f"{name} is not installed", f"pip install '{name}{constraint}'")
    if satisfies(version, constraint):
        return None
    return problem(f"{name} must be {constraint}, not {version}", f"pip install '{name}{constraint}'")


def _extras() -> Iterator[Finding]:
    there, absent = [], []
    for extra, name in EXTRAS.items():
        try:
            there.append(f"{extra} ({name} {importlib.metadata.version(name)})")
        except importlib.metadata.PackageNotFoundError:
            absent.append(f"{extra} ({name})")
    text = f"extras: {', '.join(there) or 'none'}"
    yield ok(f"{text}; not installed: {', '.join(absent)}" if absent else text)


def loading_errors(names: list[str]) -> dict[str, str]:
    """Return the packages that cannot be imported, with their errors. All are tried, also after a crash."""
    errors = {}
    left = {MODULES.get(name, name): name for name in names}
    while left:
        culprit = None
        try:
            answers = probe("import", *left)
        except ProbeError as error:
            answers = error.answers
            culprit = next((each["importing"] for each in reversed(answers) if "importing" in each), None)
            if culprit not in left:  # Python itself does not start
                return dict.fromkeys(left.values(), str(error))
            errors[left.pop(culprit)] = str(error)
        for each in answers:
            name = left.pop(each["module"], None) if "module" in each else None
            if name is not None and each["error"] is not None:
                errors[name] = each["error"]
        if culprit is None:
            break
    return errors


def requirement(text: str) -> tuple[str, str] | None:
    """Return the name and version constraint of a requirement; None if it belongs to an extra."""
    found = _REQUIREMENT.match(text)
    if found is None or (found[3] and "extra" in found[3]):
        return None
    return found[1], found[2].strip()


def satisfies(version: str, constraint: str) -> bool:
    """Return whether a version satisfies constraints such as >=2.8.7,<2.9. Other operators are ignored."""
    own = _numbers(version)
    for operator, bound in _CLAUSE.findall(constraint):
        limit = _numbers(bound)
        length = max(len(own), len(limit))
        left, right = own + (0,) * (length - len(own)), limit + (0,) * (length - len(limit))
        fits = {
            ">=": left >= right,
            "<=": left <= right,
            "==": left == right,
            "!=": left != right,
            "<": left < right,
            ">": left > right,
        }
        if not fits[operator]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
