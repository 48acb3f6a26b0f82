"""A service: an app that the system starts, watches and stops. No I/O."""

import dataclasses
import ipaddress
import math
from collections.abc import Mapping

from wesktop.services.places import service_id
from wesktopd.errors import ConfigurationError
from wesktopd.spec import check_name

START_MARGIN = 20.0  # seconds beyond the app's own time limits, so that those take effect first
STOP_MARGIN = 10.0
ABORT_MARGIN = 5.0
PRIVILEGED = range(1, 1024)  # ports that require root, or CAP_NET_BIND_SERVICE (capabilities(7))

KEPT = ("PATH", "LANG", "LANGUAGE", "TZ", "VIRTUAL_ENV")
KEPT_BEGINNINGS = ("LC_", "PYTHON")
KEPT_DIRECTORIES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")


@dataclasses.dataclass(frozen=True)
class Service:
    """An app as a service.

    name: the app's, from which the service's is derived. command: serves it; reload_command: restarts its workers.
    directory: the working directory of both. environment, variables, environment_file: added to the environment that
    the system provides; `variables` may be secret, and are stored where no other user can read them.
    host, port: the address. on_demand: the system listens there, and the first connection starts the app.
    system: a service of the machine instead of the user; user: the user it then runs as.
    watchdog: seconds without a sign of life after which it is restarted; None for never.
    start_timeout, drain_timeout: the app's own, in seconds. sandbox: deny privileges that it is unlikely to need.
    """

    name: str
    command: tuple[str, ...]
    reload_command: tuple[str, ...]
    directory: str
    description: str = ""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    environment_file: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    on_demand: bool = False
    system: bool = False
    user: str | None = None
    watchdog: float | None = 30.0
    start_timeout: float = 60.0
    drain_timeout: float = 5.0
    sandbox: bool = True

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.on_demand:
            _check_address(self.host, self.port)
        if self.watchdog is not None and not 1 <= self.watchdog <= 86400:
            raise ConfigurationError(f"watchdog must be 1 to 86400 seconds, or 0, not {self.watchdog:g}.")
        if self.system and not self.user:
            raise ConfigurationError("a service of the machine needs a user to run as: give --run-as USER.")
        if self.user and not self.system:
            raise ConfigurationError("--run-as requires --system: a user's service runs as that user.")

    @property
    def id(self) -> str:
        """The service's name, with a prefix that other programs do not use."""
        return service_id(self.name)

    @property
    def needs_privileged_port(self) -> bool:
        """True if the app itself must bind a privileged port."""
        return self.port in PRIVILEGED and not self.on_demand

    @property
    def start_limit(self) -> int:
        """Whole seconds after which a start has failed."""
        return math.ceil(self.start_timeout + START_MARGIN)

    @property
    def stop_limit(self) -> int:
        """Whole seconds after which a stop is forced."""
        return math.ceil(self.drain_timeout + STOP_MARGIN)

    @property
    def abort_limit(self) -> int:
        """Whole seconds after which a stop by the watchdog is forced."""
        return math.ceil(self.drain_timeout + ABORT_MARGIN)


def _check_address(host: str, port: int) -> None:
    if not port:
        raise ConfigurationError("port must not be 0 with --on-demand: the system must know where to listen.")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ConfigurationError(
            f"host must be an IP address with --on-demand, such as 127.0.0.1, not {host!r}."
        ) from None


def kept_environment(environ: Mapping[str, str], *, system: bool) -> dict[str, str]:
    """Return the variables of an environment that a service keeps: for finding programs, and the language.

    Never all: others can read a service's environment, and a shell's may contain secrets.
    """
    names = KEPT if system else (*KEPT, *KEPT_DIRECTORIES)
    return {
        name: value
        for name, value in sorted(environ.items())
        if value and (name in names or name.startswith(KEPT_BEGINNINGS))
    }


def added_environment(settings: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of --env: NAME=VALUE, or NAME for its value in `environ`. Raises ConfigurationError."""
    found = {}
    for setting in settings:
        name, given, value = setting.partition("=")
        if not name.isascii() or not name.isidentifier():
            raise ConfigurationError(f"env must be NAME=VALUE, or the NAME of a variable set here, not {name!r}.")
        if not given and name not in environ:
            raise ConfigurationError(f"env {name!r} is not set here: give {name}=VALUE.")
        found[name] = value if given else environ[name]
    return found
