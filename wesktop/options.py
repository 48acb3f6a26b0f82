"""The options of `run()` and `serve()` that the server knows nothing of; the server's are in `wesktopd.options`.

Adding one: its declaration, the signature and docstring of the function, and the code that uses it. Command line,
services and the reference page follow from the declaration, and a test holds that all of them agree.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from wesktopd.options import RUN, SERVE, SERVER_OPTIONS, Option

_RUN = (RUN,)

# fmt: off
NAME = Option("name", str, None, "Identifies the app to this user and to `wesktop ctl`; also the window's class.",
              none="the target's module", serve_default="wesktop")
START_OPTIONS = (
    Option("keep_alive", bool, False,
           "Keep serving when the window is closed; `wesktop ctl` then controls the server.", functions=_RUN),
    Option("second_launch", str, "focus",
           'What another start does while the app is open: "focus" brings its window to the front, "window" opens '
           'another one, and "module:function" is called by the running app.', functions=_RUN, metavar="WHAT"),
    Option("arguments", list, None, "What the app was started with, such as files or a link to open.",
           none="`sys.argv[1:]` without the first `--`", functions=_RUN, flag=None),
    Option("detach", bool, False, "Return as soon as the server answers, and leave it running.",
           functions=(SERVE,)),
)
# fmt: on
BY_NAME = {option.name: option for option in (NAME, *SERVER_OPTIONS, *START_OPTIONS)}


def options_of(function: str) -> list[Option]:
    """Return the options of "run" or "serve", in the order of their documentation."""
    window: tuple[Option, ...] = ()
    if function == RUN:
        from wesktop.window.opening.declarations import WINDOW_OPTIONS  # late: a server has no window

        window = WINDOW_OPTIONS
    return [option for option in (NAME, *window, *SERVER_OPTIONS, *START_OPTIONS) if function in option.functions]


def pick(given: Mapping[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """Return the values of these options among the arguments of a function."""
    return {option.name: given[option.name] for option in options}
