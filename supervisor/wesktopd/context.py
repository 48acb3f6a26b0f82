"""What this process is. A worker imports the same module as the script did, `run()` call included."""

_worker_importing: bool | None = None


def set_worker(importing: bool) -> None:
    """Called by a worker: before it imports its target with True, after with False."""
    global _worker_importing
    _worker_importing = importing


def in_worker() -> bool:
    """Whether this process is a worker."""
    return _worker_importing is not None


def worker_importing() -> bool:
    """Whether this process is a worker that is importing its target right now."""
    return bool(_worker_importing)
