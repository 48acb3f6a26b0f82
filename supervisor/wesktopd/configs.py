"""The apps' specs as TOML files: what `wesktop ctl start` starts again."""

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from wesktopd.errors import ConfigurationError
from wesktopd.files import write_whole
from wesktopd.paths import config_file, private_dir
from wesktopd.spec import AppSpec


def save(spec: AppSpec) -> Path:
    """Write the app's config file, whole or not at all. Raises OSError, or ConfigurationError without a home."""
    path = config_file(spec.name)
    private_dir(path.parent)
    write_whole(path, as_toml(msgspec.to_builtins(spec)).encode())
    return path


def load(name: str) -> AppSpec:
    """Read an app's config file. Raises ConfigurationError that names the file and what is wrong about it."""
    import tomllib

    path = config_file(name)
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
        spec = msgspec.convert(fields, AppSpec)
    except FileNotFoundError:
        raise ConfigurationError(f"{name!r} is not known: there is no {path}.") from None
    except OSError as error:
        raise ConfigurationError(f"config file {path} cannot be read: {error.strerror}.") from None
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(f"config file {path}: {error}") from None
    if spec.name != name:
        raise ConfigurationError(f"config file {path} is of another app, {spec.name!r}: rename the one or the other.")
    return spec


def known() -> list[str]:
    """The names that have a config file."""
    with contextlib.suppress(ConfigurationError, OSError):
        return sorted(path.stem for path in config_file("any").parent.glob("*.toml"))
    return []


def as_toml(fields: dict[str, Any]) -> str:
    """A spec's fields as TOML; what TOML has no word for, null, is left out."""
    import tomli_w

    return tomli_w.dumps(_without_nulls(fields))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
