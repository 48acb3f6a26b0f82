"""Checks services, ports and apps."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wesktop.doctor.finding import Finding, ok, problem, warning

if TYPE_CHECKING:
    from wesktop.services.manager import Status
    from wesktopd.wire.control_messages import Report

DEFAULT_PORT = 8000
PATIENCE = 2.0  # seconds for an app to report its status
LINGER = Path("/var/lib/systemd/linger")  # loginctl(1): a file for each user whose services keep running


def check_services() -> Iterator[Finding]:
    """Check this user's services and the machine's."""
    from wesktop.services.this_system import manager
    from wesktopd.errors import WesktopError

    count = 0
    for system in (False, True):
        try:
            services = manager(system=system)
            names = services.names()
        except WesktopError as error:
            yield ok(f"services cannot be installed here: {error.message}")
            return
        count += len(names)
        for name in names:
            try:
                status = services.status(name)
            except WesktopError as error:
                yield warning(f"service {name} cannot be inspected: {error.message}")
                continue
            if status is not None:
                yield service_finding(status)
        if names and not system and sys.platform != "darwin":
            yield from _linger()
    if not count:
        yield ok("no app is a service")


def service_finding(status: "Status") -> Finding:
    """Return the finding for a service."""
    whose = "" if not status.system else " of the machine"
    text = f"service {status.name}{whose} is {status.state}{f': {status.note}' if status.note else ''}"
    if status.state == "failed":
        mode = "" if status.system else "--user "
        return problem(text, f"journalctl {mode}-u {status.service} -n 50")
    if status.restarts:
        times = "once" if status.restarts == 1 else f"{status.restarts} times"
        return warning(f"{text}; it was restarted {times}", f"wesktop ctl events {status.name}")
    return ok(text)


def _linger() -> Iterator[Finding]:
    import getpass

    from wesktopd.system import is_root

    user = getpass.getuser()
    if LINGER.is_dir() and not is_root() and not (LINGER / user).exists():
        yield ok("your services end when you log out; `loginctl enable-linger` keeps them running")


def check_apps() -> Iterator[Finding]:
    """Check this user's running apps."""
    from wesktopd import client
    from wesktopd.errors import WesktopError
    from wesktopd.release import installed_release

    try:
        found = [*client.reports(PATIENCE)]
    except WesktopError as error:
        yield problem(f"apps cannot be found: {error.message}")
        return
    for name, report in found:
        yield app_finding(name, report, installed_release())
    if not found:
        yield ok("no app is running")


def app_finding(name: str, report: "Report | None", installed: str) -> Finding:
    """Return the finding for a running app. report: None if it does not answer."""
    if report is None:
        return problem(f"{name} is running, but does not answer", f"wesktop ctl logs {name}")
    ready = sum(worker.state == "ready" for worker in report.workers)
    text = f"{name} serves {report.target} on {report.url} with {ready} of {report.wanted} workers (pid {report.pid})"
    if report.trouble:
        return problem(f"{name} is in trouble: {report.trouble.splitlines()[0]}", f"wesktop ctl status {name}")
    if not ready:
        return warning(text, f"wesktop ctl logs {name}")
    if installed and report.release and report.release != installed:
        old = f"{name} runs release {report.release} of wesktop, {installed} is installed"
        return warning(old, f"wesktop ctl upgrade {name}")
    return ok(text)


def check_ports(asked: Sequence[int]) -> Iterator[Finding]:
    """Check the ports of known apps, the default one, and those that were asked for."""
    from wesktopd import client
    from wesktopd.errors import WesktopError

    try:
        ours = {report.url: name for name, report in client.reports(PATIENCE) if report is not None}
    except WesktopError:
        ours = {}
    wanted = {("127.0.0.1", DEFAULT_PORT): "the default of run() and serve()"}
    wanted |= {(host, port): f"that of {name}" for name, host, port in _known_ports()}
    wanted |= {("127.0.0.1", port): "asked for" for port in asked}
    for (host, port), which in wanted.items():
        user = next((name for url, name in ours.items() if url.rpartition(":")[2] == str(port)), None)
        kind = warning if port == DEFAULT_PORT and port not in asked else problem
        yield port_finding(host, port, which, user, kind)


def _known_ports() -> Iterator[tuple[str, str, int]]:
    from wesktopd import configs
    from wesktopd.errors import WesktopError
    from wesktopd.spec import is_name

    for name in filter(is_name, configs.known()):
        try:
            spec = configs.load(name)
        except WesktopError:
            continue
        if spec.port:
            yield name, spec.host, spec.port


def port_finding(
    host: str, port: int, which: str, user: str | None, kind: Callable[[str, str], Finding] = problem
) -> Finding:
    """Return whether a port is free. user: the app of ours that has it."""
    from wesktopd.errors import BindError
    from wesktopd.instance.listener import listen

    if user is not None:
        return ok(f"port {port} ({which}) is {user}'s")
    try:
        listen(host, port, "doctor", None).close()
    except BindError as error:
        return kind(f"{error.message.partition(': ')[0]} ({which})", "wesktop serve module:app --port 0")
    return ok(f"port {port} ({which}) is free")
