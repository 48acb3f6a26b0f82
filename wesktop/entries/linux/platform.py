"""Desktop entries on Linux and the BSDs: a ``.desktop`` file, icons in the theme, the default for the app's links."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from wesktop.entries.changes import Changes
from wesktop.entries.entry import Entry
from wesktop.entries.icons import hicolor, read_icon
from wesktop.entries.linux import desktop_file, mimeapps
from wesktop.entries.ownership import check_directory
from wesktop.entries.plan import File, Plan
from wesktop.entries.records import Record

REFRESH_TIMEOUT = 30.0  # seconds


def plan(entry: Entry) -> Plan:
    """The files of an entry. Raises ValueError for what this system cannot start or show."""
    for arguments in (entry.arguments, *(action.arguments for action in entry.actions)):
        desktop_file.check_program(arguments[0])
    icons = _icons(entry)
    icon = entry.id if icons else None if entry.icon is None else str(entry.icon)
    path = _data_home() / "applications" / f"{entry.id}.desktop"
    _check_not_installed(entry)
    files = [*icons, File(path, desktop_file.launcher(entry, icon).encode())]
    if entry.autostart:
        text = desktop_file.autostart(entry, icon)
        files.append(File(_config_home() / "autostart" / f"{entry.id}.desktop", text.encode()))
    return Plan(path, files)


def associate(changes: Changes, entry: Entry | None, record: Record) -> None:
    """Make the entry the default for the links of its schemes that have none; with None, take back what was made.

    Some desktops ask nothing but the defaults; files, which others can open as well, are left to the user's choice.
    """
    path = (_config_home() / "mimeapps.list").resolve()  # it may be a link into a user's own repository
    try:
        before = path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        before = ""
    text, name = before, f"{record.id}.desktop"
    for mime_type in record.defaults:
        text = mimeapps.without_default(text, mime_type, name)
    record.defaults = []
    for mime_type in [f"{desktop_file.SCHEME_HANDLER}{scheme}" for scheme in (entry.url_schemes if entry else ())]:
        if mimeapps.default(text, mime_type) is None:
            text = mimeapps.with_default(text, mime_type, name)
            record.defaults.append(mime_type)
    if text == before:
        return
    if text:
        mode = path.stat().st_mode & 0o777 if before else 0o600
        changes.write(path, text.encode("utf-8", "surrogateescape"), mode)
    else:
        changes.remove(path)


def refresh(record: Record) -> None:
    """Have the desktop look again. What has no such command looks by itself."""
    applications, theme = _data_home() / "applications", _data_home() / "icons" / "hicolor"
    if record.mime_types or record.url_schemes:
        _run("update-desktop-database", "-q", str(applications))
        _remove_empty_cache(applications / "mimeinfo.cache")
    if any(Path(made).is_relative_to(theme) for made in record.made):
        with contextlib.suppress(OSError):  # it is gone, and so is any cache of it
            os.utime(theme)  # Icon Theme Specification, "Implementation Notes": caches are compared with its mtime


def _check_not_installed(entry: Entry) -> None:
    """A file in the user's directory takes the place of the system's of that name: the program would vanish."""
    own = _data_home().resolve()  # some users name it among the system's
    for base in map(Path, (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")):
        path = base / "applications" / f"{entry.id}.desktop"
        if base.is_absolute() and base.resolve() != own and path.exists():
            raise FileExistsError(f"{path} is of an installed program: choose another app_id for {entry.name!r}")


def _icons(entry: Entry) -> list[File]:
    if not isinstance(entry.icon, Path):
        return []
    theme = _data_home() / "icons" / "hicolor"
    return [File(theme / path, data) for path, data in hicolor(read_icon(entry.icon), entry.id).items()]


def _run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):  # the entry works without it, if not as soon
        subprocess.run(command, check=False, capture_output=True, timeout=REFRESH_TIMEOUT)


def _remove_empty_cache(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.read_bytes().strip() == b"[MIME Cache]":
            path.unlink()


def _data_home() -> Path:
    return _base("XDG_DATA_HOME", (".local", "share"))


def _config_home() -> Path:
    return _base("XDG_CONFIG_HOME", (".config",))


def _base(variable: str, usual: Iterable[str]) -> Path:
    # XDG Base Directory Specification: a relative path in the variable is ignored.
    given = Path(os.environ.get(variable, ""))
    return check_directory(given if given.is_absolute() else Path.home().joinpath(*usual))
