"""AppSpec: what to run and how. The one description that travels from the caller to the supervisor."""

import re
import zlib
from pathlib import Path
from typing import Any, Literal

import msgspec

from wesktopd.errors import ConfigurationError, TargetError
from wesktopd.guard.csp import check_csp
from wesktopd.guard.hosts import check_allowed_hosts, check_allowed_origins, check_exposure
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, START_TIMEOUT
from wesktopd.options import SERVER_OPTIONS
from wesktopd.target import parse_target

MAX_NAME = 48  # keeps "<runtime directory>/<name>.sock" within a socket address (108 bytes, 104 on macOS)

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}")


class AppSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One app and how to serve it. Times are in seconds; None stands for "never" or "no limit".

    target: "module:attribute" of an ASGI callable, or of a function that returns one where `factory` is true.
    name: identifies the app to this user: one supervisor a name. Also names its sockets, storage and window class.
    label: what log messages call it, and a window's title where `window` has none.
    host, port: where to listen; port 0 takes a free port and keeps it for this name.
    working_dir, import_path: where the workers start and what they put before their `sys.path`.
    one_shot: the server ends with the last lease on it.
    workers: how many processes serve, 1 to 64.
    drain_timeout: that requests have to finish in at a stop, before the worker is killed.
    start_timeout: that a worker has to become ready in.
    hang_timeout: that a worker's event loop may stand still for before the worker is replaced.
    idle_timeout: without a window or a request after which the server ends.
    max_lifetime, max_rss: after which, and beyond how many MiB of memory, a worker is replaced.
    access_log: log every request. log_format: of the log file, "text", "json" or "off".
    allow_remote: `host` may be one that other machines reach. session: unauthenticated requests are refused.
    allowed_hosts, allowed_origins, csp: see `wesktopd.guard.middleware`.
    second_launch: what another start does while the app is open: "focus", "window", or "module:attribute" to call.
    window: how the app's window looks, for `wesktop ctl open`; not looked into here.

    Raises ConfigurationError (TargetError for the target) when a value is out of range.
    """

    target: str
    name: str
    working_dir: str
    label: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    pid_path: str | None = None
    import_path: list[str] = []
    factory: bool = False
    one_shot: bool = False
    workers: int = 1
    drain_timeout: float = DRAIN_TIMEOUT
    start_timeout: float = START_TIMEOUT
    hang_timeout: float | None = HANG_TIMEOUT
    idle_timeout: float | None = None
    max_lifetime: float | None = None
    max_rss: float | None = None
    access_log: bool = False
    log_format: Literal["text", "json", "off"] = "text"
    allow_remote: bool = False
    session: bool = False
    allowed_hosts: list[str] = []
    allowed_origins: list[str] = []
    csp: str | None = None
    second_launch: str = "focus"
    window: dict[str, Any] = {}

    def __post_init__(self) -> None:
        parse_target(self.target)
        check_name(self.name)
        if not self.host:
            raise ConfigurationError("host is empty: give an address such as '127.0.0.1'.")
        check_exposure(self.host, allow_remote=self.allow_remote, session=self.session)
        check_allowed_hosts(self.allowed_hosts)
        check_allowed_origins(self.allowed_origins)
        check_csp(self.csp)
        check_second_launch(self.second_launch)
        for option in SERVER_OPTIONS:
            option.check(getattr(self, option.name))
        try:
            msgspec.json.encode(self)
        except UnicodeEncodeError as error:
            raise ConfigurationError(f"{error.object!r} is not UTF-8: rename the file or directory.") from None

    @property
    def calls_function(self) -> bool:
        """True if a function of the app receives further starts."""
        return self.second_launch not in LAUNCHES


LAUNCHES = ("focus", "window")


def check_second_launch(second_launch: str) -> None:
    """Check the action of a second launch. Raises ConfigurationError for an unknown one."""
    try:
        if second_launch not in LAUNCHES:
            parse_target(second_launch)
    except TargetError:
        raise ConfigurationError(
            f"second_launch {second_launch!r} is unknown: give 'focus', 'window', or a function as 'myapp:on_launch'."
        ) from None


def is_name(name: str) -> bool:
    """Return whether an app can have this name: it must be a valid file name on every system."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Check the name of an app. Raises ConfigurationError for an invalid one."""
    if not is_name(name):
        raise ConfigurationError(
            f"name must not be {name!r}: use at most {MAX_NAME} letters, digits, '.', '_' or '-', "
            "beginning with a letter or digit."
        )


def default_name(target: str) -> str:
    """Return the default name of an app: the target's module, reduced to valid characters."""
    module, _ = parse_target(target)
    if _NAME.fullmatch(module):
        return module
    # Too long, or not ASCII: a checksum keeps two such modules apart.
    kept = re.sub(r"[^A-Za-z0-9._-]", "", module)[: MAX_NAME - 13]
    return f"app-{kept}-{zlib.crc32(module.encode()):08x}".replace("--", "-")


def import_root(path: list[str], working_dir: Path) -> str:
    """Return the directory of `sys.path[0]`: an empty or relative entry is below the working directory."""
    first = path[0] if path else ""
    return str((working_dir / first).resolve())
