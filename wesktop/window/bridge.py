"""What pywebview's bridge from the page to Python leads to."""

from typing import Any, NoReturn


class Nothing:
    """An object without a single attribute, not even a class.

    The bridge looks up whatever name the page sends, dots included, on `js_api`, and calls what it finds. On None,
    its default, as on any other object, that leads to `__class__` and on.
    """

    def __getattribute__(self, name: str) -> NoReturn:
        raise AttributeError(name)

    def __dir__(self) -> list[Any]:
        return []
