"""Imports at the start of our processes: without unneeded modules, and without garbage collection meanwhile."""

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without(*modules: str) -> Iterator[None]:
    """Have what is imported meanwhile take these modules for not installed, unless they are loaded already."""
    hidden = [module for module in modules if module not in sys.modules]
    for module in hidden:
        sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


def all_loaded() -> None:
    """Collect garbage, which was turned off at the start, from now on; what is loaded is not looked through."""
    gc.freeze()
    gc.enable()
