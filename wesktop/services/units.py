"""Renders a service as systemd's unit files. No I/O except for the templates."""

from collections.abc import Iterator

from wesktop.services.places import SYSTEM_UNITS
from wesktop.services.quoting import assignment, command_line, file_assignment, file_line, path_line, text_line
from wesktop.services.service import Service
from wesktop.services.templates import Value, fill, template
from wesktopd.guard.hosts import address

VARIABLES = "env"  # the suffix of a file of variables
HEADER = "Written by `wesktop service install`; `wesktop service uninstall` removes it."
BIND_LOW_PORTS = "CAP_NET_BIND_SERVICE"
TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108  nothing is created there


def render(service: Service) -> dict[str, str]:
    """Return the units by their names: a service; a socket if it starts on demand; and a file of variables if others
    could read them in the unit.

    Raises ConfigurationError for a value that a unit cannot contain.
    """
    values = _values(service)
    kind = "system" if service.system else "user"
    sandbox = fill(_text(f"sandbox-{kind}.conf"), values).splitlines() if service.sandbox else None
    # An option's value may be empty: that removes all capabilities.
    units = {f"{service.id}.service": fill(_text("app.service"), {**values, "SANDBOX": sandbox})}
    if service.on_demand:
        units[f"{service.id}.socket"] = fill(_text("app.socket"), values)
        units[f"{service.id}.service"] = units[f"{service.id}.service"].removesuffix("\n[Install]\n")
    if variables := _apart(service):
        lines = [file_assignment(name, value) for name, value in variables.items()]
        units[_variables_file(service)] = "\n".join([f"# {HEADER}", *lines, ""])
    return units


def _text(name: str) -> str:
    return template(f"systemd/{name}").decode()


def _apart(service: Service) -> dict[str, str]:
    """Return the variables for a separate file, since the machine's systemd shows units to every user."""
    if not service.system:
        return {}
    return {name: value for name, value in service.variables.items() if name not in _directories(service)}


def _variables_file(service: Service) -> str:
    return f"{service.id}.{VARIABLES}"


def _environment_files(service: Service) -> Iterator[str]:
    """Yield the lines of EnvironmentFile=; later files override earlier ones."""
    if _apart(service):
        yield file_line("env file", str(SYSTEM_UNITS / _variables_file(service)))
    if service.environment_file is not None:
        yield file_line("env file", service.environment_file)


def _values(service: Service) -> dict[str, Value]:
    environment = {**service.environment, **(_directories(service) if service.system else service.variables)}
    capability = BIND_LOW_PORTS if service.system and service.needs_privileged_port else None
    return {
        "NAME": service.name,
        "DESCRIPTION": text_line("description", service.description or service.name),
        "SYSTEMCTL": "systemctl" if service.system else "systemctl --user",
        "SOCKET": f"{service.id}.socket" if service.on_demand else None,
        "AFTER": "network.target" if service.system else None,
        "USER": service.user,
        "DIRECTORY": path_line("directory", service.directory),
        "ENVIRONMENT": [assignment(name, value) for name, value in environment.items()],
        "ENVIRONMENT_FILE": [*_environment_files(service)],
        "RUNTIME_DIRECTORY": service.id if service.system else None,
        "STATE_DIRECTORY": service.id if service.system else None,
        "EXEC_START": command_line(service.command),
        "EXEC_RELOAD": command_line(service.reload_command),
        "START_TIMEOUT": str(service.start_limit),
        "STOP_TIMEOUT": str(service.stop_limit),
        "ABORT_TIMEOUT": str(service.abort_limit),
        "STORED": None if service.on_demand else "2",
        "WATCHDOG": None if service.watchdog is None else f"{service.watchdog:g}",
        "AMBIENT_CAPABILITIES": capability,
        "CAPABILITY_BOUNDING_SET": capability or "",
        "PRIVATE_TMP": "no" if _needs_tmp(service) else "yes",
        "WANTED_BY": _wanted_by(service),
        "ADDRESS": address(service.host, service.port),
    }


def _needs_tmp(service: Service) -> bool:
    """Return whether the app is in a temporary directory, which PrivateTmp= would hide from it (systemd.exec(5))."""
    places = (service.directory, service.command[0], service.environment_file or "")
    return any(place.startswith(TEMPORARY) for place in places)


def _wanted_by(service: Service) -> str | None:
    if service.on_demand:
        return None  # its socket is wanted instead
    return "multi-user.target" if service.system else "default.target"


def _directories(service: Service) -> dict[str, str]:
    """Return the directories of a service of the machine, whose user has no session, and may have no home."""
    return {
        "XDG_RUNTIME_DIR": f"/run/{service.id}",
        "XDG_STATE_HOME": f"/var/lib/{service.id}",
        "XDG_CONFIG_HOME": f"/var/lib/{service.id}",
    }
