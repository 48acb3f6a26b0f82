"""Config files: the apps' specs as TOML, from which `wesktop ctl start` starts them again."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from wesktopd.errors import ConfigurationError
from wesktopd.options import LIMITS
from wesktopd.paths import config_file
from wesktopd.spec import AppSpec, is_name
from wesktopd.system import private_dir, read_private, resolve
from wesktopd.system.atomic_files import atomic_write
from wesktopd.text import sendable

MAX_CONFIG = 256 * 1024  # bytes; four times what fits into a message to a supervisor
_COMMENT = re.compile(rb"^\s*#", re.MULTILINE)
NO_LIMIT = 0  # stands for None, which TOML lacks; as on the command line


def keep(spec: AppSpec, warn: Callable[[str], None]) -> str | None:
    """Write the app's config file; return its path, see `text.sendable`, or None if it cannot be written.

    warn: receives a warning about that, and about lost comments.
    """
    try:
        return sendable(str(_save(spec, warn)))
    except (OSError, ConfigurationError) as error:
        warn(f"`wesktop ctl start` will not know how to start it, as its config file cannot be kept: {error}")
        return None


def _save(spec: AppSpec, warn: Callable[[str], None]) -> Path:
    path = config_file(spec.name)
    private_dir(path.parent)
    # A symbolic link is kept: people keep such files in a repository.
    place = Path(resolve(str(path))) if path.is_symlink() else path
    before = _held(place)
    if not _describes(before, spec):  # else it is left as it was written
        if _COMMENT.search(before):
            warn(f"config file {path} differs from this start: it is written anew, without its comments.")
        atomic_write(place, as_toml(msgspec.to_builtins(spec)).encode(), durable=True)
    return path


def _held(place: Path) -> bytes:
    try:
        return read_private(place, MAX_CONFIG)
    except OSError:  # there is none, or it is not to be trusted
        return b""


def _describes(data: bytes, spec: AppSpec) -> bool:
    try:
        return parse(data) == spec
    except ConfigurationError:
        return False


def load(name: str) -> AppSpec:
    """Read an app's config file. Raises ConfigurationError, which names the file and the mistake."""
    path = config_file(name)
    try:
        # It says which code to run, so no other user may have written it. The user's own symbolic link is fine.
        spec = parse(read_private(resolve(str(path)), MAX_CONFIG))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{name!r} is unknown: there is no {path}. `wesktop serve TARGET --name {name}` makes one."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"config file {path} cannot be read: {error.strerror}.") from None
    except ConfigurationError as error:
        wrong = error.message.rstrip(".")
        raise ConfigurationError(
            f"config file {path}: {wrong}. Correct it, or remove it and start the app anew: "
            f"`wesktop serve TARGET --name {name}`."
        ) from None
    if spec.name != name:
        raise ConfigurationError(f"config file {path} is of another app, {spec.name!r}: rename the one or the other.")
    return spec


def parse(data: bytes) -> AppSpec:
    """Read a spec from TOML. Raises ConfigurationError, which names the mistake."""
    import tomllib

    try:
        fields = tomllib.loads(data.decode())
        unlimited = {name: None for name in LIMITS if fields.get(name) == NO_LIMIT}
        return msgspec.convert({**fields, **unlimited}, AppSpec)
    except RecursionError:
        raise ConfigurationError("it is nested too deeply.") from None
    except ValueError as error:  # of tomllib, of msgspec, and for invalid UTF-8
        raise ConfigurationError(str(error)) from None


def known() -> list[str]:
    """Return the names that have a config file."""
    with contextlib.suppress(ConfigurationError, OSError):
        found = config_file("any").parent.glob("*.toml")
        return sorted(path.stem for path in found if is_name(path.stem))
    return []


def as_toml(fields: dict[str, Any]) -> str:
    """Return a spec's fields as TOML for `parse`: without nulls, and with NO_LIMIT for no limit."""
    import tomli_w

    unlimited = {name: NO_LIMIT for name in LIMITS if name in fields and fields[name] is None}
    return tomli_w.dumps(_without_nulls({**fields, **unlimited}))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
