"""Starts a supervisor that goes on when its caller ends."""

import subprocess

from wesktopd.channel import start
from wesktopd.connection import Connection
from wesktopd.errors import ControlTimeoutError, StartupError, from_wire
from wesktopd.protocol import Failed, Ready
from wesktopd.spec import AppSpec

MARGIN = 10.0  # seconds beyond the app's own start timeout that its supervisor may take


def start_detached(spec: AppSpec) -> str:
    """Start the app's server and wait until it answers; its URL.

    Its output goes to its log file alone. Raises what kept it from starting: AlreadyRunningError, PortInUseError,
    TargetImportError and the like, with the end of the app's log where the app itself failed.
    """
    started = start("wesktopd", spec, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Connection(started.channel) as connection:
        while True:
            try:
                event = connection.receive(spec.start_timeout + MARGIN)
            except ControlTimeoutError:
                started.kill()
                raise
            match event:
                case Ready(url=url):
                    return url
                case Failed():
                    raise from_wire(event.error, event.message, event.log_tail)
                case None:
                    code = started.process.wait()
                    raise StartupError(f"the server of {spec.name!r} ended before it was ready (exit code {code}).")
