"""What a service is called, and where a user's are kept. Light: see `this_system`."""

import os
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.spec import check_name

SYSTEM_UNITS = Path("/etc/systemd/system")


def service_id(name: str) -> str:
    """The service's name for the app's."""
    check_name(name)
    return f"wesktop-{name}"


def label(name: str) -> str:
    """The job's name for the app's, under launchd."""
    return f"wesktop.{name}"


def user_units() -> Path:
    """Where systemd looks for a user's units (systemd.unit(5)). Raises ConfigurationError where there is no home."""
    given = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(given) if Path(given).is_absolute() else _home() / ".config"
    return home / "systemd" / "user"


def user_agents() -> Path:
    """Where launchd looks for a user's agents (launchd(8)). Raises ConfigurationError likewise."""
    return _home() / "Library" / "LaunchAgents"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigurationError("this user has no home to keep a service in: set HOME, or give --system.") from None
