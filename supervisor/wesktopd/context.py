"""The role of this process. A worker imports the same module as the script did, `run()` call included."""

import os

from wesktopd.errors import ConfigurationError, WesktopError

BUS_VARIABLE = "WESKTOP_BUS"
"""The variable of the environment in which a worker finds the socket of the supervisor's event bus."""

APP_VARIABLE = "WESKTOP_APP"
"""The variable in which a worker, and what it starts, finds its app's name."""

_worker_importing: bool | None = None  # None if this is not a worker


def set_worker(*, importing: bool) -> None:
    """Called by a worker: before it imports its target with True, after with False."""
    global _worker_importing
    _worker_importing = importing


def imported_by_worker(function: str) -> bool:
    """Return whether `run()` or `serve()` is called because a worker imports the script that calls it.

    The worker needs the module's app, not a second server. Raises WesktopError when the app itself calls it later.
    """
    if _worker_importing is False:
        raise WesktopError(f"{function}() was called by the app inside its own server, which runs already.")
    return bool(_worker_importing)


def app_name(name: str | None, function: str) -> str:
    """The app that `function` is called for: the given one, or the one in whose worker this is.

    Raises ConfigurationError where it is called from outside without a name, or with a name that is not a string.
    """
    found = os.environ.get(APP_VARIABLE) if name is None else name
    if found is None:
        raise ConfigurationError(f"{function} was called from outside of an app: say which one with name=.")
    if not isinstance(found, str):
        raise ConfigurationError(f"name must be a str, not {name!r}.")
    return found
