"""Starts a supervisor that outlives its caller."""

import logging
import subprocess

from wesktopd import client
from wesktopd.control.connection import Connection
from wesktopd.errors import ConfigurationError, ControlTimeoutError, StartupError, from_wire
from wesktopd.spec import AppSpec
from wesktopd.system import ChildProcess, start_child
from wesktopd.wire.control_messages import Failed, Ready, Warned, encode

MARGIN = 10.0  # seconds that a supervisor may take beyond the app's own start timeout

logger = logging.getLogger("wesktopd")


def start_detached(spec: AppSpec) -> str:
    """Start the app's server, wait until it answers, and return its URL.

    Its output goes only to its log file; its warnings are logged here too. Raises what kept it from starting, such as
    AlreadyRunningError, PortInUseError or TargetImportError, with the end of the app's log if the app itself failed.
    If this is interrupted, by Ctrl-C for instance, nothing is left running.
    """
    started = start_child("wesktopd", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.send(encode(spec))
    try:
        return _url_when_ready(started, spec)
    except (ControlTimeoutError, KeyboardInterrupt, SystemExit):
        started.kill()
        client.clean_up(spec.name, spec.pid_path, started.process.pid)
        raise
    finally:
        started.leave()


def _url_when_ready(started: ChildProcess, spec: AppSpec) -> str:
    server = Connection(started.channel)
    while True:
        match server.receive(spec.start_timeout + MARGIN):
            case Warned(text=text):
                logger.warning("%s: %s", spec.name, text)
            case Ready(url=url):
                return url
            case Failed(error=error, message=message, log_tail=log_tail):
                raise from_wire(error, message, log_tail)
            case None:
                code = started.process.wait()
                raise StartupError(f"the server of {spec.name!r} ended before it was ready (exit code {code}).")


def is_reachable(name: str) -> bool:
    """Return whether `wesktop ctl` finds the app: it does not if there is no control socket."""
    try:
        return name in client.running()
    except ConfigurationError:
        return False
