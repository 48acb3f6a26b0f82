"""From what the caller passes as a target to the AppSpec of its server."""

import os
import sys
from pathlib import Path
from typing import Any

from wesktopd.errors import ConfigurationError
from wesktopd.spec import AppSpec, check_name, default_name, import_root
from wesktopd.target import parse_target
from wesktopd.text import check_utf8


def app_spec(target: object, *, name: str | None, **options: Any) -> AppSpec:
    """Describe the app as seen from this process: its working directory and its `sys.path[0]`.

    Raises TargetError or ConfigurationError for a value that does not fit.
    """
    for option, value in options.items():
        check_type(option, value)
    options |= {option: _strings(option, options[option]) for option in _LISTS if option in options}
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
    """What the app is called; raises TargetError or ConfigurationError, as `app_spec` does."""
    parse_target(target)
    check_type("name", name)
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


_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str, type(None)),
    "host": (str,),
    "port": (int,),
    "factory": (bool,),
    "drain_timeout": (int, float),
    "start_timeout": (int, float),
    "hang_timeout": (int, float, type(None)),
    "idle_timeout": (int, float, type(None)),
    "max_lifetime": (int, float, type(None)),
    "max_rss": (int, float, type(None)),
    "workers": (int,),
    "one_shot": (bool,),
    "detach": (bool,),
    "access_log": (bool,),
    "log_format": (str,),
    "session": (bool,),
    "allow_remote": (bool,),
    "csp": (str, type(None)),
    "second_launch": (str,),
}
_LISTS = ("allowed_hosts", "allowed_origins")


def check_type(option: str, value: object) -> None:
    """Refuse a value of a type that this option of `serve()` or `run()` has not; raises ConfigurationError."""
    expected = _TYPES.get(option, (object,))
    # To Python True is an int, to a person it is no port.
    if not isinstance(value, expected) or (isinstance(value, bool) and int in expected):
        wanted = " or ".join(kind.__name__ for kind in expected if kind is not type(None))
        raise ConfigurationError(f"{option} {value!r} is of type {type(value).__name__}, not {wanted}.")


def _strings(option: str, value: object) -> list[str]:
    """A list or tuple of strings; a string by itself, which is one of letters too, is a slip."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{option} {value!r} is not a list of strings.")
    return [*value]


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


def pid_path_option(pid_path: str | os.PathLike[str] | None) -> str | None:
    """The PID file's path as it is from anywhere. Raises ConfigurationError for what is no path."""
    if pid_path is not None and (not isinstance(pid_path, str | os.PathLike) or "\0" in os.fspath(pid_path)):
        raise ConfigurationError(f"pid_path {pid_path!r} is not a path: give one such as Path('app.pid').")
    return None if pid_path is None else str(Path(pid_path).absolute())
