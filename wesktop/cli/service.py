"""`wesktop service`: apps as services of the system."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wesktop.cli.lazy import LazyGroup
from wesktop.cli.options import command_line_options, with_options
from wesktop.cli.output import end_in_part, json_option, show_done, show_json
from wesktop.cli.serve import serve
from wesktopd.errors import ConfigurationError, ServiceError, WesktopError
from wesktopd.options import SERVE

if TYPE_CHECKING:
    from wesktop.services.manager import Manager, Status
    from wesktop.services.service import Service

NOT_UP = 3
WATCHDOG = 30.0  # seconds

VERBS = ("install", "uninstall", "status", "print")


@click.group(
    cls=LazyGroup,
    homes={verb: f"wesktop.cli.service:{'print_files' if verb == 'print' else verb}" for verb in VERBS},
)
def service() -> None:
    """Run an app as a service of systemd or launchd, which starts, watches and stops it.

    NAME is the app's name, also for `wesktop ctl` and windows; the service is called wesktop-NAME.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 permission.
    """


system_option = click.option("--system", is_flag=True, help="A service of the machine instead of yours.")

description_options = with_options(
    [
        *command_line_options(SERVE, leave_out=("name", "detach")),
        click.option("--on-demand", is_flag=True, help="The system listens; the first connection starts the app."),
        system_option,
        click.option(
            "--run-as", metavar="USER", help="With --system: the user to run as.  [default: the user of sudo]"
        ),
        click.option("--description", help="Its description in lists.  [default: NAME]"),
        click.option(
            "--directory",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="The directory to run in, where TARGET is found.  [default: the working directory]",
        ),
        click.option(
            "--env",
            multiple=True,
            metavar="NAME[=VALUE]",
            help="A variable for the app; without a value, its current one. May be repeated.",
        ),
        click.option(
            "--env-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A file of variables for the app, read at each start. Use it for secrets.",
        ),
        click.option(
            "--watchdog",
            type=float,
            metavar="SECONDS",
            help="Restart it after so long without a sign of life; 0 = never.  [default: 30 under systemd]",
        ),
        click.option("--no-sandbox", is_flag=True, help="Do not restrict the app: it may do all that its user may."),
    ]
)


@click.command()
@description_options
@click.argument("name")
@click.argument("target")
@click.option("--replace", is_flag=True, help="Replace the service if there is one already.")
@click.option("--no-start", is_flag=True, help="Do not start it now, only with the next session or boot.")
@json_option
def install(name: str, target: str, replace: bool, no_start: bool, as_json: bool, **options: Any) -> None:
    """Install TARGET as a service, and start it.

    If it does not start, the reason is shown and nothing is installed. The options are those of `wesktop serve`, and
    those of the service.
    """
    made = described(name, target, options)
    _manager(made.system).install(made, replace=replace, start=not no_start)
    url = _url(made, started=not no_start)
    note = f"installed; {_state_in_words(made, url, no_start)}"
    show_done(name, note, as_json=as_json, service=made.id, url=url)


def _url(made: "Service", *, started: bool) -> str | None:
    """Return its URL, or None for a free port that is not known here."""
    from wesktopd import client
    from wesktopd.guard.hosts import address, reachable

    if made.port:
        return f"http://{address(reachable(made.host), made.port)}"
    return client.status(made.name).url if started and not made.system else None


def _state_in_words(made: "Service", url: str | None, no_start: bool) -> str:
    if no_start:
        return "it starts with the next " + ("boot" if made.system else "session")
    if made.on_demand:
        return f"the first connection to {url} starts it"
    return f"it serves on {url}" if url else "it serves: its log says where"


@click.command("print")
@description_options
@click.argument("name")
@click.argument("target")
@json_option
def print_files(name: str, target: str, as_json: bool, **options: Any) -> None:
    """Print the files that `install` would write with the same options. Changes nothing."""
    made = described(name, target, options)
    files = {path: data.decode() for path, data in _manager(made.system).render(made).items()}
    if as_json:
        show_json({"name": name, "files": [{"path": path, "text": text} for path, text in files.items()]})
        return
    for path, text in files.items():
        click.echo(text if path.endswith(".plist") else f"# {path}\n{text}")


@click.command()
@click.argument("name")
@system_option
@json_option
def uninstall(name: str, system: bool, as_json: bool) -> None:
    """Stop a service and remove it, with its app's logs, config file and port.

    Files written by the app itself and the window's storage are kept.
    """
    _manager(system).uninstall(name)
    show_done(name, "uninstalled", as_json=as_json)


@click.command()
@click.argument("name", required=False)
@system_option
@json_option
@click.pass_context
def status(context: click.Context, name: str | None, system: bool, as_json: bool) -> None:
    """Show the status of a service, or of all. Exit code 3: it is not up; 1: some cannot be inspected."""
    manager = _manager(system)
    if name is None:
        _show_all(manager, as_json=as_json)
        return
    found = manager.status(name)
    if found is None:
        from wesktop.services.manager import no_such_service

        raise no_such_service(name, system=system)
    if as_json:
        show_json(_as_fields(found))
    else:
        _show(found)
    if not found.is_up:
        context.exit(NOT_UP)


def _show_all(manager: "Manager", *, as_json: bool) -> None:
    """Show the services that can be inspected, then the errors of the others."""
    found, errors = [], []
    for name in manager.names():
        try:
            found.append(manager.status(name))
        except WesktopError as error:
            errors.append(error.message)
    there = [status for status in found if status is not None]
    if as_json:
        show_json({"services": [_as_fields(status) for status in there]})
    elif there:
        _show_table(there)
    elif not errors:
        click.echo("There is no service.")
    end_in_part(errors)


def _as_fields(status: "Status") -> dict[str, Any]:
    import dataclasses

    return {**dataclasses.asdict(status), "up": status.is_up}


def _show(status: "Status") -> None:
    from wesktop.cli.render import fields, indented, one_line, or_dash

    facts = [
        ("starts by itself", "yes" if status.enabled else "no"),
        ("pid", or_dash(status.pid)),
        ("started anew", or_dash(status.restarts)),
        ("says", one_line(status.note or "-")),
        *(("file", path) for path in status.files),
    ]
    click.echo(f"{click.style(status.name, bold=True)}  {status.service}  {status.state}")
    click.echo("\n".join(indented(fields(facts))))


def _show_table(found: "list[Status]") -> None:
    from wesktop.cli.render import one_line, or_dash, table

    rows = [
        (one.name, one.state, "yes" if one.enabled else "no", or_dash(one.pid), one_line(one.note or "-"))
        for one in found
    ]
    click.echo("\n".join(table(("NAME", "STATE", "ENABLED", "PID", "SAYS"), rows, ["PID"])))


def _manager(system: bool) -> "Manager":
    from wesktop.services.this_system import manager

    return manager(system=system)


def described(name: str, target: str, options: dict[str, Any]) -> "Service":
    """Return the service that these options describe. Raises ConfigurationError for an invalid value."""
    from wesktop.server import serving_spec
    from wesktop.services.service import Service, added_environment, kept_environment

    serving = {parameter.name: options[parameter.name] for parameter in serve.params if parameter.name in options}
    if serving["pid_path"] is not None:
        serving["pid_path"] = serving["pid_path"].absolute()
    spec = serving_spec(target, name, serving)
    system, on_macos = options["system"], sys.platform == "darwin"
    program, watchdog = _program(), options["watchdog"]
    if watchdog is None and not on_macos:
        watchdog = WATCHDOG
    return Service(
        name=spec.name,
        command=(program, "serve", target, f"--name={spec.name}", *serve_arguments(serving)),
        reload_command=(program, "ctl", "restart", spec.name),
        directory=str((options["directory"] or Path(spec.working_dir)).absolute()),
        description=options["description"] or spec.name,
        environment=kept_environment(os.environ, system=system),
        variables=added_environment(options["env"], os.environ),
        environment_file=str(options["env_file"].absolute()) if options["env_file"] else None,
        host=spec.host,
        port=spec.port,
        on_demand=options["on_demand"],
        system=system,
        user=_user(options["run_as"], system),
        watchdog=watchdog or None,
        start_timeout=spec.start_timeout,
        drain_timeout=spec.drain_timeout,
        sandbox=not options["no_sandbox"],
    )


def serve_arguments(options: dict[str, Any]) -> list[str]:
    """Return the arguments of `wesktop serve` for these values, without those that are its defaults."""
    found = []
    for parameter in serve.params:
        if not isinstance(parameter, click.Option) or parameter.name not in options:
            continue
        option, value = parameter.opts[0], options[parameter.name]
        if value is None and parameter.callback:  # the callback turned 0 into None
            value = 0
        if value is None:
            continue
        if parameter.is_flag:
            found += [option] if value else []
        elif parameter.multiple:
            found += [f"{option}={one}" for one in value]
        elif value != parameter.default:
            found.append(f"{option}={value}")
    return found


def _program() -> str:
    """Return the path of this environment's `wesktop`, which starts programs of the same environment."""
    beside = Path(sys.executable).with_name("wesktop")
    found = str(beside) if beside.is_file() else shutil.which("wesktop")
    if found is None:
        raise ServiceError(f"there is no `wesktop` next to {sys.executable}: install it into that environment.")
    return str(Path(found).absolute())


def _user(given: str | None, system: bool) -> str | None:
    import pwd

    user = given or (os.environ.get("SUDO_USER") if system else None)
    if user is not None:
        try:
            pwd.getpwnam(user)
        except KeyError:
            raise ConfigurationError(f"run-as must be a user of this machine, not {user!r}.") from None
    return user
