"""Renders a service as launchd's property list (launchd.plist(5)). No I/O except for the template."""

import plistlib
from typing import Any

from wesktop.services.places import label
from wesktop.services.quoting import check_value, check_variable
from wesktop.services.service import Service
from wesktop.services.templates import template
from wesktopd.errors import ConfigurationError
from wesktopd.system import SOCKETS

LISTENERS = "Listeners"  # the name of the job's socket
COMMENT = b"<!-- Written by `wesktop service install`; `wesktop service uninstall` removes it. -->\n"


def render(service: Service, log: str) -> bytes:
    """Return the property list. log: the file for output before the app opens its own.

    Raises ConfigurationError for a value that launchd does not support, or a property list cannot contain.
    """
    data = plistlib.dumps(job(service, log), sort_keys=False)
    return data.replace(b"<plist ", COMMENT + b"<plist ", 1)


def job(service: Service, log: str) -> dict[str, Any]:
    """Return the filled-in template: placeholders are replaced; the key of a None is omitted."""
    _refuse_unknown(service)
    values = _values(service, log)
    filled = {}
    for key, value in plistlib.loads(template("launchd/app.plist")).items():
        if isinstance(value, str) and value.startswith("@") and value.endswith("@"):
            value = values[value.strip("@")]
        if value is not None:
            filled[key] = value
    return filled


def _values(service: Service, log: str) -> dict[str, Any]:
    environment = {**service.environment, **service.variables, **({SOCKETS: LISTENERS} if service.on_demand else {})}
    for name, value in environment.items():
        check_variable(name, value)
    return {
        "LABEL": label(service.name),
        "USER": service.user,
        "DIRECTORY": check_value("directory", service.directory),
        "ENVIRONMENT": environment or None,
        "COMMAND": [check_value("argument", argument) for argument in service.command],
        "KEEP_ALIVE": None if service.on_demand else {"SuccessfulExit": False},
        "RUN_AT_LOAD": not service.on_demand,
        "EXIT_TIMEOUT": service.stop_limit,
        "SOCKETS": {LISTENERS: _socket(service)} if service.on_demand else None,
        "LOG": log,
    }


def _socket(service: Service) -> dict[str, str]:
    family = "IPv6" if ":" in service.host else "IPv4"
    return {
        "SockNodeName": service.host,
        "SockServiceName": str(service.port),
        "SockType": "stream",
        "SockFamily": family,
    }


def _refuse_unknown(service: Service) -> None:
    if service.environment_file is not None:
        raise ConfigurationError("launchd does not support --env-file: use --env.")
    if service.watchdog is not None:
        raise ConfigurationError(
            "launchd does not support --watchdog: omit it; --hang-timeout replaces a hanging worker."
        )
    if not service.sandbox:
        raise ConfigurationError("launchd does not support --no-sandbox, as it has no sandbox: omit it.")
