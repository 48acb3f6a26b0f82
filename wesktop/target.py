"""From what the caller passes as a target to the AppSpec of its server."""

import os
import sys
from pathlib import Path
from typing import Any

from wesktop.options import BY_NAME
from wesktopd.errors import ConfigurationError
from wesktopd.guard.csp import serialize
from wesktopd.spec import AppSpec, check_name, default_name, import_root
from wesktopd.target import parse_target
from wesktopd.text import check_utf8


def app_spec(target: object, *, name: str | None, **options: Any) -> AppSpec:
    """Describe the app as seen from this process: its working directory and its `sys.path[0]`.

    Raises TargetError or ConfigurationError for a value that does not fit.
    """
    for option, value in options.items():
        if option in BY_NAME:
            BY_NAME[option].check(value)
    for option in {*options} & {*BY_NAME}:
        value, kind = options[option], BY_NAME[option].kind
        if kind is list:
            options[option] = [*value]
        elif kind is Path and value is not None:
            options[option] = _absolute(option, value)
    if not isinstance(options.get("csp"), str | None):
        options["csp"] = serialize(options["csp"])
    if ":" in options.get("second_launch", ""):
        options["second_launch"] = _outside_main(options["second_launch"])
    named = app_name(target, name)
    working_dir = _working_dir()
    return AppSpec(
        target=_outside_main(str(target)),
        name=named,
        working_dir=str(working_dir),
        import_path=[import_root(sys.path, working_dir)],
        **options,
    )


def app_name(target: object, name: str | None) -> str:
    """Return the app's name. Raises TargetError or ConfigurationError, as `app_spec` does."""
    parse_target(target)
    BY_NAME["name"].check(name)
    found = default_name(_outside_main(str(target))) if name is None else name
    check_name(found)
    return found


def _working_dir() -> Path:
    try:
        here = Path.cwd()
    except OSError as error:
        raise ConfigurationError(f"the working directory is gone ({error.strerror}): change to another.") from None
    check_utf8("the working directory", str(here))
    return here


def _outside_main(target: str) -> str:
    """The target with `__main__` replaced by the module that the running script is, as others import it."""
    module, _, attribute = target.partition(":")
    if module != "__main__":
        return target
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None and spec.name != "__main__":  # python -m package.module
        return f"{spec.name}:{attribute}"
    name = Path(file).stem if file and spec is None else ""
    if not name.isidentifier():  # an interactive session, a directory or archive, a name such as my-app.py
        place = repr(file) if file else "an interactive session"
        raise ConfigurationError(
            f"target {target!r}: {place} cannot be imported: put the app into a module of its own."
        )
    return f"{name}:{attribute}"


def _absolute(option: str, path: str | os.PathLike[str]) -> str:
    if "\0" in os.fspath(path):
        raise ConfigurationError(f"{option} must be a path, not {path!r}.")
    return str(Path(path).absolute())
