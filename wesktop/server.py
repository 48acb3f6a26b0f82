"""serve(): the supervisor in the calling process, with no window."""

import sys
from typing import TYPE_CHECKING

from wesktopd.context import imported_by_worker
from wesktopd.errors import ConfigurationError
from wesktopd.launch import Launched, launch_worker
from wesktopd.limits import DRAIN_TIMEOUT

if TYPE_CHECKING:
    from pathlib import Path

    from wesktopd.instance import Instance
    from wesktopd.signals import StopSignals

DEFAULT_NAME = "wesktop"


def serve(
    target: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    pid_path: "Path | None" = None,
    name: str = DEFAULT_NAME,
    factory: bool = False,
    drain_timeout: float = DRAIN_TIMEOUT,
) -> None:
    """Serve an ASGI app and block until it is stopped.

    Ctrl-C, SIGTERM and SIGHUP stop it gracefully, a second one at once. From a thread other than the main one it
    serves without signal handling; `wesktop ctl stop NAME` ends it from anywhere. While a worker imports the script
    that calls it, it returns at once.

    target: "module:attribute" of the app, imported as here: same working directory, same `sys.path[0]`.
    host, port: where to listen; port 0 takes a free port and keeps it for this name.
    pid_path: a file to write this process's PID to while it serves.
    name: what the server is called in log messages and by `wesktop ctl`; left as it is, the target's module.
    factory: the target is a function that returns the app.
    drain_timeout: seconds that open requests have to finish in at a stop.

    Raises TargetError or ConfigurationError for a parameter that is wrong, AlreadyRunningError, PidFileError,
    PortInUseError or BindError when the server cannot start, and TargetImportError, LifespanError or StartupError
    when the app does not; see wesktop.errors.
    """
    if imported_by_worker("serve"):
        return
    _refuse_running_loop()
    # Before all else, as it takes longest to load: what it is to serve is settled meanwhile.
    with launch_worker() as worker:
        from wesktop.target import app_spec, pid_path_option
        from wesktopd.instance import Instance
        from wesktopd.signals import StopSignals

        spec = app_spec(
            target,
            name=None if name == DEFAULT_NAME else name,
            label=name,
            host=host,
            port=port,
            pid_path=pid_path_option(pid_path),
            factory=factory,
            drain_timeout=drain_timeout,
        )
        with StopSignals() as signals, Instance(spec) as instance:
            instance.start_worker(worker)
            _supervise(instance, worker, signals)


def _refuse_running_loop() -> None:
    """A loop that runs in this thread would stand still for as long as this serves."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        raise ConfigurationError(
            "serve() was called from a running event loop, which it would block: "
            "call it in a thread, with `await asyncio.to_thread(wesktop.serve, ...)`."
        )


def _supervise(instance: "Instance", first: Launched, signals: "StopSignals") -> None:
    import asyncio  # late: the worker boots meanwhile
    import logging

    from wesktopd.daemon import Supervisor

    async def run() -> None:
        supervisor = Supervisor(instance, first)
        signals.stop(supervisor, asyncio.get_running_loop().call_soon_threadsafe)
        await supervisor.run(log_level=logging.INFO)

    asyncio.run(run())
