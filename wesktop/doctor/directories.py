"""Checks whether this user can write to the directories of sockets, options, logs and storage."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from wesktop.doctor.finding import Finding, ok, problem, warning

LOW_SPACE = 100 * 1024 * 1024  # bytes; a page's storage and 20 MiB of logs should fit
FEW_DESCRIPTORS = 4096
NAME = "doctor"  # an app, which need not exist
KINDS = {"config_file": "options", "log_file": "logs", "storage_dir": "storage"}


def check_directories() -> Iterator[Finding]:
    """Check all directories, and the limit of open files."""
    yield from ignored_runtime_dir(os.environ.get("XDG_RUNTIME_DIR", ""))
    yield from runtime_findings()
    yield from home_findings()
    yield from descriptor_findings()


def ignored_runtime_dir(given: str) -> Iterator[Finding]:
    """Warn of an XDG_RUNTIME_DIR that is ignored, as it is relative or missing (XDG Base Directory Specification)."""
    if sys.platform.startswith("linux") and given and not (Path(given).is_absolute() and Path(given).is_dir()):
        yield warning(
            f"XDG_RUNTIME_DIR={given} is ignored, as it is not the full path of a directory: "
            "sessions with another value see other apps",
            "unset XDG_RUNTIME_DIR",
        )


def runtime_findings() -> Iterator[Finding]:
    """Check the directory of the control sockets: the first usable candidate."""
    from wesktopd.paths import runtime_candidates, usable

    refused = []
    for candidate in runtime_candidates():
        try:
            place = usable(candidate)
        except OSError as error:
            refused.append((candidate, error.strerror or str(error)))
            continue
        for path, reason in refused:
            yield warning(
                f"{path} cannot be used ({reason}): {place} is used instead, and other sessions must use it too",
                mend(path),
            )
        yield ok(f"control sockets: {place}")
        yield from _refused_by_rights(place)
        return
    reasons = "; ".join(f"{path}: {reason}" for path, reason in refused)
    cure = "mkdir -m 700 ~/.run && export XDG_RUNTIME_DIR=~/.run"
    yield problem(f"there is no directory for the control sockets ({reasons})", cure)


def _refused_by_rights(place: Path) -> Iterator[Finding]:
    if not os.access(place, os.W_OK | os.X_OK):
        yield problem(f"{place} cannot be written to", mend(place))


def mend(path: Path) -> str:
    """Return the command that makes it a private directory, or removes it."""
    from wesktopd.system import is_this_user

    try:
        info = path.lstat()
    except OSError:
        return "export XDG_RUNTIME_DIR=/run/user/$(id -u)"
    if not stat.S_ISDIR(info.st_mode):
        return f"rm {quote(str(path))}"
    if not is_this_user(info.st_uid):  # not to be reused: it may have links of its owner
        return f"sudo rm -r {quote(str(path))}"
    return f"chmod 700 {quote(str(path))}"


def home_findings() -> Iterator[Finding]:
    """Check the user's directories, which a user without a home does not have."""
    from wesktopd import paths
    from wesktopd.errors import ConfigurationError

    places: dict[str, list[str]] = {}
    for function, what in KINDS.items():
        try:
            path = getattr(paths, function)(NAME)
        except ConfigurationError as error:
            yield warning(f"{what}: {error.message}", "export HOME=/path/to/a/directory")
            continue
        directory = path if function == "storage_dir" else path.parent
        trouble = refusal(directory.parent if function == "storage_dir" else directory)
        if trouble is not None:
            place, reason = trouble
            text = f"{what}: {directory} cannot be written to: {place} {reason}"
            yield problem(text, _rights(place, path if function == "storage_dir" else directory))
        else:
            places.setdefault(str(directory.parent if function == "storage_dir" else directory), []).append(what)
    for usable, kinds in places.items():
        yield ok(f"{' and '.join(kinds)}: {usable}")
        yield from _space(Path(usable))


def refusal(directory: Path) -> tuple[Path, str] | None:
    """Return the path that prevents writing to a directory, and the reason; None if it is writable."""
    for place in (directory, *directory.parents):
        try:
            info = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return place, f"cannot be inspected ({error.strerror})"
        if not stat.S_ISDIR(info.st_mode):
            return place, "is not a directory"
        if not os.access(place, os.W_OK | os.X_OK):
            return place, "is not writable for this user"
        return None
    return directory, "does not exist"


def _rights(place: Path, wanted: Path) -> str:
    """Return the command that makes the wanted directory this user's. Its parents keep their owners."""
    if not place.is_dir():
        return f"mv {quote(str(place))} {quote(f'{place}.old')}"
    if place == wanted and place.stat().st_uid == 0:  # left by `sudo`, together with its files
        return f"sudo chown -R $(id -u) {quote(str(place))}"
    return f"sudo install -d -m 700 -o $(id -u) {quote(str(wanted))}"


def _space(place: Path) -> Iterator[Finding]:
    there = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < LOW_SPACE:
        yield warning(f"{place}: only {free // 1024**2} MiB are free on its disk", f"df -h {there}")


def descriptor_findings() -> Iterator[Finding]:
    """Check the hard limit, up to which workers raise theirs: each page and event stream takes a descriptor."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FEW_DESCRIPTORS:
        yield warning(
            f"a process can open at most {hard} files, which limits the pages and streams served at a time",
            'echo "$(id -un) hard nofile 65536" | sudo tee /etc/security/limits.d/wesktop.conf',
        )
