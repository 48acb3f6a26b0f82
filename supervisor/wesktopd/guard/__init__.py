"""The guard: ASGI middleware that rejects requests from other sites and from clients without a session.

Any ASGI app can be wrapped: `from wesktopd.guard import Guard`. May import `errors`, and nothing else of ours.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wesktopd.guard.middleware import Guard as Guard


def __getattr__(name: str) -> Any:
    """Load the middleware when it is asked for: most importers of this room need less of it."""
    if name != "Guard":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wesktopd.guard.middleware import Guard

    return Guard
