"""Finds the application that a target names."""

import importlib
import sys
from collections.abc import Callable
from typing import Any

from wesktopd.errors import TargetImportError
from wesktopd.spec import parse_target


def load(target: str, *, factory: bool = False) -> Callable[..., Any]:
    """Import "module:attribute", and call it where it is a factory.

    Raises TargetImportError when the module does not exist or does not import (the error is its `__cause__`), when it
    has no such attribute, or when what is found is not callable.
    """
    module_name, attribute = parse_target(target)
    found = _import(module_name)
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise TargetImportError(f"{target!r}: module {module_name!r} has no attribute {attribute!r}.") from None
    if factory:
        found = _call_factory(found, target)
    if not callable(found):
        kind = type(found).__name__
        raise TargetImportError(f"{target!r} is a {kind}, not a callable ASGI application.")
    return found  # type: ignore[no-any-return]


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # Telling apart "no such module" from "it imports something that is missing".
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise TargetImportError(
                f"no module named {error.name!r} was found; looked first in {sys.path[0]}."
            ) from None
        raise TargetImportError(f"module {module!r} does not import: {error}.") from error
    except (Exception, SystemExit) as error:
        raise TargetImportError(f"module {module!r} does not import: {type(error).__name__}: {error}") from error


def _call_factory(factory: Any, target: str) -> Any:
    if not callable(factory):
        raise TargetImportError(f"{target!r} is a {type(factory).__name__}, not a function that returns an app.")
    try:
        return factory()
    except Exception as error:
        raise TargetImportError(f"{target!r} as a factory raised {type(error).__name__}: {error}") from error
