"""Where sockets, options, logs and storage go: whether this user may write there."""

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
NAME = "doctor"  # an app that there need not be
KINDS = {"config_file": "options", "log_file": "logs", "storage_dir": "storage"}


def check_directories() -> Iterator[Finding]:
    """All of them, and how many files may be open."""
    yield from ignored_runtime_dir(os.environ.get("XDG_RUNTIME_DIR", ""))
    yield from runtime_findings()
    yield from home_findings()
    yield from descriptor_findings()


def ignored_runtime_dir(given: str) -> Iterator[Finding]:
    """One that is relative (XDG Base Directory Specification) or not there is passed over without a word."""
    if sys.platform.startswith("linux") and given and not (Path(given).is_absolute() and Path(given).is_dir()):
        yield warning(
            f"XDG_RUNTIME_DIR={given} is no directory's full path, and is not used: who has another sees other apps",
            "unset XDG_RUNTIME_DIR",
        )


def runtime_findings() -> Iterator[Finding]:
    """The directory for the control sockets: the first that can be used is taken."""
    from wesktopd.paths import runtime_candidates, usable

    refused = []
    for candidate in runtime_candidates():
        try:
            place = usable(candidate)
        except OSError as error:
            refused.append((candidate, error.strerror or str(error)))
            continue
        for path, reason in refused:
            yield warning(f"{path} cannot be used ({reason}): {place} is, and others have to look there", mend(path))
        yield ok(f"control sockets: {place}")
        yield from _refused_by_rights(place)
        return
    said = "; ".join(f"{path}: {reason}" for path, reason in refused)
    cure = "mkdir -m 700 ~/.run && export XDG_RUNTIME_DIR=~/.run"
    yield problem(f"there is no directory for the control sockets ({said})", cure)


def _refused_by_rights(place: Path) -> Iterator[Finding]:
    if not os.access(place, os.W_OK | os.X_OK):
        yield problem(f"{place} cannot be written to", mend(place))


def mend(path: Path) -> str:
    """The line that makes a private directory of it, or takes it out of the way."""
    try:
        info = path.lstat()
    except OSError:
        return "export XDG_RUNTIME_DIR=/run/user/$(id -u)"
    if not stat.S_ISDIR(info.st_mode):
        return f"rm {quote(str(path))}"
    if sys.platform != "win32" and info.st_uid != os.getuid():  # not to be taken over: links of his may be in it
        return f"sudo rm -r {quote(str(path))}"
    return f"chmod 700 {quote(str(path))}"


def home_findings() -> Iterator[Finding]:
    """The user's directories; a user without a home does without them."""
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
            said = f"{what}: {directory} cannot be written to: {place} {reason}"
            yield problem(said, _rights(place, path if function == "storage_dir" else directory))
        else:
            places.setdefault(str(directory.parent if function == "storage_dir" else directory), []).append(what)
    for usable, kinds in places.items():
        yield ok(f"{' and '.join(kinds)}: {usable}")
        yield from _space(Path(usable))


def refusal(directory: Path) -> tuple[Path, str] | None:
    """What stands in the way of writing there: the path, and why. None for nothing."""
    for place in (directory, *directory.parents):
        try:
            info = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return place, f"cannot be looked at ({error.strerror})"
        if not stat.S_ISDIR(info.st_mode):
            return place, "is not a directory"
        if not os.access(place, os.W_OK | os.X_OK):
            return place, "is not this user's to write to"
        return None
    return directory, "is nowhere"


def _rights(place: Path, wanted: Path) -> str:
    """The line that makes the directory that is wanted this user's. What is above it stays whose it is."""
    if not place.is_dir():
        return f"mv {quote(str(place))} {quote(f'{place}.old')}"
    if place == wanted and place.stat().st_uid == 0:  # as `sudo` has left it, with what is in it
        return f"sudo chown -R $(id -u) {quote(str(place))}"
    return f"sudo install -d -m 700 -o $(id -u) {quote(str(wanted))}"


def _space(place: Path) -> Iterator[Finding]:
    there = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < LOW_SPACE:
        yield warning(f"{place}: {free // 1024**2} MiB are left on its disk", f"df -h {there}")


def descriptor_findings() -> Iterator[Finding]:
    """Each open page and event stream holds a descriptor of a worker, which takes as many as it may."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FEW_DESCRIPTORS:
        yield warning(
            f"a process may open {hard} files at most: so many pages and streams are served at once",
            'echo "$(id -un) hard nofile 65536" | sudo tee /etc/security/limits.d/wesktop.conf',
        )
