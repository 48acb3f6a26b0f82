"""A target, and the application that it names. Light: workers wait for it."""

import importlib
import re
import sys
from collections.abc import Callable
from typing import Any

from wesktopd import wsgi
from wesktopd.errors import TargetError, TargetImportError

ASGI = "callable ASGI application"

_TARGET = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<attribute>[^\W\d]\w*(\.[^\W\d]\w*)*)")


def parse_target(target: object) -> tuple[str, str]:
    """Split "module:attribute"; raises TargetError for anything else."""
    if not isinstance(target, str):
        raise TargetError(
            f'target must be a string such as "myapp:app", not of type {type(target).__name__}: '
            "the server imports it in another process."
        )
    match = _TARGET.fullmatch(target)
    if match is None:
        raise TargetError(f'target must have the form "module:attribute", not {target!r}: {_correction(target)}.')
    return match["module"], match["attribute"]


def _correction(target: str) -> str:
    """Return what to write instead, for the mistakes that are made most."""
    path, _, attribute = target.partition(":")
    module = re.sub(r"[/\\]+", ".", path.removesuffix(".py").removeprefix("./"))
    fitting = f"{module}:{attribute or 'app'}"
    if _TARGET.fullmatch(fitting):
        return f"write {fitting!r}" + ("" if attribute else " if the object is called app")
    if _TARGET.fullmatch(fitting.replace("-", "_")):
        renamed = module.replace("-", "_")
        return (
            f"a module has no dash in its name, so rename it to {renamed!r} and write {fitting.replace('-', '_')!r}"
        )
    return 'write it as in "myapp:app"'


def load(target: str, *, factory: bool = False, kind: str = ASGI) -> Callable[..., Any]:
    """Import "module:attribute", and call it where it is a factory.

    Raises TargetImportError when the module does not exist or does not import (the error is its `__cause__`), when it
    has no such attribute, or when what is found is not callable, as a `kind` is, or is a WSGI app.
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
    if kind == ASGI and (how := wsgi.wrapped(found, target)) is not None:
        raise TargetImportError(how)
    if not callable(found):
        raise TargetImportError(f"{target!r} is of type {type(found).__name__}, not a {kind}.")
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
        kind = type(factory).__name__
        raise TargetImportError(f"{target!r} is of type {kind}, not a function that returns an app.")
    try:
        return factory()
    except Exception as error:
        raise TargetImportError(f"{target!r} as a factory raised {type(error).__name__}: {error}") from error
