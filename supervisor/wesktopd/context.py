"""What this process is. A worker imports the same module as the script did, `run()` call included."""

from wesktopd.errors import WesktopError

BUS_VARIABLE = "WESKTOP_BUS"
"""The variable of the environment in which a worker finds the socket of the supervisor's event bus."""

_worker_importing: bool | None = None  # None where this is no worker


def set_worker(*, importing: bool) -> None:
    """Called by a worker: before it imports its target with True, after with False."""
    global _worker_importing
    _worker_importing = importing


def imported_by_worker(function: str) -> bool:
    """Whether `run()` or `serve()` is called because a worker imports the script that calls it.

    The worker needs the module's app, not a second server. Raises WesktopError when the app itself calls it later.
    """
    if _worker_importing is False:
        raise WesktopError(f"{function}() was called by the app inside its own server, which runs already.")
    return bool(_worker_importing)
