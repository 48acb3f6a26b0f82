"""The names of services, and the directories of their files. Imports little: see `this_system`."""

import os
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.spec import check_name

SYSTEM_UNITS = Path("/etc/systemd/system")


def service_id(name: str) -> str:
    """Return the name of an app's service."""
    check_name(name)
    return f"wesktop-{name}"


def label(name: str) -> str:
    """Return the name of an app's job under launchd."""
    return f"wesktop.{name}"


def user_units() -> Path:
    """Return the directory of a user's units (systemd.unit(5)). Raises ConfigurationError if the user has no home."""
    given = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(given) if Path(given).is_absolute() else _home() / ".config"
    return home / "systemd" / "user"


def user_agents() -> Path:
    """Return the directory of a user's agents (launchd(8)). Raises ConfigurationError if the user has no home."""
    return _home() / "Library" / "LaunchAgents"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigurationError(
            "this user has no home directory for a service: set HOME, or give --system."
        ) from None
