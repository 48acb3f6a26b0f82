"""The service manager of this system, systemd or launchd. Imports little: `run()` needs it before a window opens."""

import sys
from typing import TYPE_CHECKING

from wesktop.services.places import label, service_id, user_agents, user_units
from wesktopd.errors import ConfigurationError, ServiceError

if TYPE_CHECKING:
    from wesktop.services.manager import Manager


def manager(*, system: bool) -> "Manager":
    """Return the user's service manager, or with `system` the machine's.

    Raises ServiceError if there is neither systemd nor launchd.
    """
    if sys.platform == "darwin":
        from wesktop.services.launchd import Launchd

        return Launchd(system=system)
    if sys.platform.startswith("linux"):
        from wesktop.services.systemd import Systemd

        return Systemd(system=system)
    raise ServiceError(f"services need systemd or launchd, and {sys.platform} has neither.")


def start_service(name: str) -> bool:
    """Start an app that is a service of this user, and wait until it answers; return False if it is not a service.

    Raises ServiceError if it does not start.
    """
    return _is_service(name) and manager(system=False).start(name)


def _is_service(name: str) -> bool:
    platform: str = sys.platform  # as a str, or mypy reports unreachable code
    try:
        if platform == "darwin":
            return (user_agents() / f"{label(name)}.plist").exists()
        return platform.startswith("linux") and (user_units() / f"{service_id(name)}.service").exists()
    except (ConfigurationError, OSError):  # no home, no services
        return False
