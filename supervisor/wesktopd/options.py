"""The options of a server, each declared once: signatures, command line, checks and the reference page follow it.

Light: what starts an app waits for it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, MAX_WORKERS, START_TIMEOUT

DAY = 86400.0
LOG_FORMATS = ("text", "json", "off")
REQUIRED = object()  # in place of a default

_ACCEPTED: dict[type, tuple[type, ...]] = {float: (int, float), list: (list, tuple), Path: (str, os.PathLike)}
_IN_WORDS = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list of strings",
    dict: "a dict",
    Path: "a path",
}

RUN, SERVE = "run", "serve"


class Option:
    """One option of `run()` or `serve()`.

    kind: its type; list stands for a list of strings. sentence: what it does, with the unit of a number.
    default: in `run()` and `serve()`, unless `serve_default` is another for the latter.
    none: what None stands for, where None is a value; on the command line and in a config file, 0 stands for it if
    the option is a number.
    least, most, unit: the range of a number. choices: all values of a string.
    functions: which of `run()` and `serve()` have it.
    flag: on the command line, by default its name with dashes; None where it is not there.
    metavar: what stands for its value in the help. also: a further type of its value in the functions.
    """

    __slots__ = (
        "also",
        "choices",
        "default",
        "flag",
        "functions",
        "kind",
        "least",
        "metavar",
        "most",
        "name",
        "none",
        "sentence",
        "serve_default",
        "unit",
    )

    def __init__(
        self,
        name: str,
        kind: type,
        default: object,
        sentence: str,
        *,
        none: str | None = None,
        least: float | None = None,
        most: float | None = None,
        unit: str = "",
        choices: tuple[str, ...] = (),
        functions: tuple[str, ...] = (RUN, SERVE),
        serve_default: object = REQUIRED,
        flag: str | None = "",
        metavar: str | None = None,
        also: type | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.sentence = sentence
        self.none = none
        self.least, self.most, self.unit = least, most, unit
        self.choices = choices
        self.functions = functions
        self.serve_default = default if serve_default is REQUIRED else serve_default
        self.flag = f"--{name.replace('_', '-')}" if flag == "" else flag
        self.metavar = metavar
        self.also = also

    @property
    def range(self) -> str:
        """The range of a number in words; empty where it has none."""
        if self.least is None or self.most is None:
            return ""
        return f"{self.least:.9g} to {self.most:.9g} {self.unit}".rstrip()

    @property
    def is_limit(self) -> bool:
        """True if it is a number that may be None, which a command line and a config file write as 0."""
        return self.none is not None and self.kind is float

    def check(self, value: object) -> None:
        """Raise ConfigurationError for a value of another type, out of its range, or not among its choices."""
        if (value is None and self.none is not None) or (self.also is not None and isinstance(value, self.also)):
            return
        if not self._is_of_type(value):
            wanted = _IN_WORDS[self.kind]
        elif self.choices and value not in self.choices:
            wanted = " or ".join(map(repr, self.choices))
        elif self.least is not None and self.most is not None and not self.least <= value <= self.most:  # type: ignore[operator]
            wanted = self.range
        else:
            return
        nothing = "" if self.none is None else f", or None for {self.none}"
        raise ConfigurationError(f"{self.name} must be {wanted}{nothing}, not {value!r}.")

    def _is_of_type(self, value: object) -> bool:
        expected = _ACCEPTED.get(self.kind, (self.kind,))
        if not isinstance(value, expected) or (isinstance(value, bool) and int in expected):
            return False  # to Python True is an int, to a person it is not a port
        return not isinstance(value, list | tuple) or all(isinstance(item, str) for item in value)


# fmt: off
SERVER_OPTIONS = (
    Option("host", str, "127.0.0.1", "Address to listen on."),
    Option("port", int, 8000, "Port to listen on; 0 takes a free one and keeps it for this app.",
           least=0, most=65535),
    Option("pid_path", Path, None, "File that holds the server's PID while it runs.", none="no file"),
    Option("factory", bool, False, "The target is a function that returns the app."),
    Option("workers", int, 1, "Number of processes that serve.", least=1, most=MAX_WORKERS),
    Option("drain_timeout", float, DRAIN_TIMEOUT,
           "Seconds that open requests may take to finish at a stop or restart; they are cancelled after 80 % of it.",
           least=0.001, most=DAY, unit="seconds"),
    Option("start_timeout", float, START_TIMEOUT, "Seconds within which the app must become ready.",
           least=0.001, most=DAY, unit="seconds"),
    Option("hang_timeout", float, HANG_TIMEOUT,
           "Seconds that the event loop of a worker may be blocked before the worker is replaced.",
           none="never", least=0.5, most=DAY, unit="seconds"),
    Option("idle_timeout", float, None, "Seconds without a window or a request after which the server ends.",
           none="never", least=0.1, most=365 * DAY, unit="seconds"),
    Option("max_lifetime", float, None, "Seconds after which a worker is replaced, without losing a request.",
           none="never", least=1.0, most=365 * DAY, unit="seconds"),
    Option("max_rss", float, None, "MiB of memory above which a worker is replaced, without losing a request.",
           none="no limit", least=1.0, most=2.0**24, unit="MiB", metavar="MIB"),
    Option("access_log", bool, False, "Log every request, at about half the speed."),
    Option("log_format", str, "text", 'Format of the app\'s log file: "text", "json", or "off" for none.',
           choices=LOG_FORMATS),
    Option("session", bool, True,
           "Require a session: only the app's windows and clients authorised by `wesktop ctl open` or `ctl token` "
           "may connect.", serve_default=False),
    Option("allow_remote", bool, False,
           'Allow a host that other machines can reach, such as "0.0.0.0"; requires a session.'),
    Option("allowed_hosts", list, (), 'Further names of the server, such as "app.example" or "app.example:8443".',
           flag="--allowed-host", metavar="NAME"),
    Option("allowed_origins", list, (),
           'Other sites whose pages may send requests, such as "http://localhost:5173".',
           flag="--allowed-origin", metavar="ORIGIN"),
    Option("csp", str, None,
           'Content-Security-Policy of HTML, SVG and XML responses without a policy of their own; "" sends none. A '
           'dict such as {"img-src": ["https://tile.example"]}, or a string with a leading +, adds to '
           "`wesktop.DEFAULT_CSP`.",
           none="the app's own origin only", also=Mapping),
)
# fmt: on

BY_NAME = {option.name: option for option in SERVER_OPTIONS}
LIMITS = frozenset(option.name for option in SERVER_OPTIONS if option.is_limit)
"""The options that can be None, for "never" or "no limit"."""
