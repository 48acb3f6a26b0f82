"""pywebview's bridge from scripts to Python, closed, and out of the page's reach."""

from typing import Any, NoReturn

WORLD = "wesktop"
"""The JavaScript world of pywebview's scripts and ours, on GTK. They share the document with the page's, no objects.

So neither the page nor a frame of it has the bridge, which would not say which of the two is calling.
"""


class ClosedBridge:
    """An object without a single attribute, not even a class.

    The bridge looks up whatever name it is sent, dots included, on `js_api`, and calls what it finds. On None, its
    default, as on any other object, that leads to `__class__` and on.
    """

    def __getattribute__(self, name: str) -> NoReturn:
        raise AttributeError(name)

    def __dir__(self) -> list[Any]:
        return []
