"""A service: an app that the system starts, watches and ends. No I/O."""

import dataclasses
import ipaddress
import math
from collections.abc import Mapping

from wesktop.services.places import service_id
from wesktopd.errors import ConfigurationError
from wesktopd.spec import check_name

START_MARGIN = 20.0  # seconds beyond the app's own limit in which it has to start or end: its own comes first
STOP_MARGIN = 10.0
ABORT_MARGIN = 5.0
PRIVILEGED = range(1, 1024)  # ports that take root, or CAP_NET_BIND_SERVICE (capabilities(7))

KEPT = ("PATH", "LANG", "LANGUAGE", "TZ", "VIRTUAL_ENV")
KEPT_BEGINNINGS = ("LC_", "PYTHON")
KEPT_DIRECTORIES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")


@dataclasses.dataclass(frozen=True)
class Service:
    """An app as a service.

    name: the app's; the service's is made of it. command: what serves it; reload_command: what restarts its workers.
    directory: where both are run. environment, variables, environment_file: what they see beside what the system
    gives them; `variables` may be secret, and are kept where no other user can read them.
    host, port: where it listens. on_demand: the system listens there, and the first connection starts the app.
    system: the machine's rather than the user's; user: as whom it then runs.
    watchdog: seconds without a sign of life after which it is started anew; None for never.
    start_timeout, drain_timeout: the app's own, in seconds. sandbox: withhold what it is not likely to need.
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
            raise ConfigurationError(f"watchdog {self.watchdog:g} is out of range: give 1 to 86400 seconds, or 0.")
        if self.system and not self.user:
            raise ConfigurationError("a service of the machine needs a user to run as: give --run-as USER.")
        if self.user and not self.system:
            raise ConfigurationError("--run-as goes with --system: a user's service runs as that user.")

    @property
    def id(self) -> str:
        """What the service is called: no service of another program is called so."""
        return service_id(self.name)

    @property
    def needs_privileged_port(self) -> bool:
        """Whether the app itself has to bind a port that takes a privilege."""
        return self.port in PRIVILEGED and not self.on_demand

    @property
    def start_limit(self) -> int:
        """Whole seconds after which a start is given up."""
        return math.ceil(self.start_timeout + START_MARGIN)

    @property
    def stop_limit(self) -> int:
        """Whole seconds after which a stop is not waited for."""
        return math.ceil(self.drain_timeout + STOP_MARGIN)

    @property
    def abort_limit(self) -> int:
        """The same where it has shown no life."""
        return math.ceil(self.drain_timeout + ABORT_MARGIN)


def _check_address(host: str, port: int) -> None:
    if not port:
        raise ConfigurationError(
            "port 0 does not go with --on-demand: the system has to know which one to listen on."
        )
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ConfigurationError(
            f"host {host!r} does not go with --on-demand: give an IP address, such as 127.0.0.1."
        ) from None


def kept_environment(environ: Mapping[str, str], *, system: bool) -> dict[str, str]:
    """What of an environment is a service's too: what programs are found by, and the language.

    Never all of it: what a service is given can be read by others, and a shell's environment has secrets in it.
    """
    names = KEPT if system else (*KEPT, *KEPT_DIRECTORIES)
    return {
        name: value
        for name, value in sorted(environ.items())
        if value and (name in names or name.startswith(KEPT_BEGINNINGS))
    }


def added_environment(settings: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of --env: NAME=VALUE, or NAME for the value that it has here. Raises ConfigurationError."""
    found = {}
    for setting in settings:
        name, given, value = setting.partition("=")
        if not name.isascii() or not name.isidentifier():
            raise ConfigurationError(f"env {name!r} is no variable's name: give NAME=VALUE, or NAME of one set here.")
        if not given and name not in environ:
            raise ConfigurationError(f"env {name!r} is not set here: give {name}=VALUE.")
        found[name] = value if given else environ[name]
    return found
