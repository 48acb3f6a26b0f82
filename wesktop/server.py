"""serve(): the supervisor in the calling process, with no window."""

import sys
from typing import TYPE_CHECKING, Any

from wesktopd.context import imported_by_worker
from wesktopd.errors import ConfigurationError, WesktopError
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, START_TIMEOUT
from wesktopd.system import ChildProcess, service_manager, start_worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from wesktopd.instance.instance import Instance
    from wesktopd.spec import AppSpec
    from wesktopd.system import StopSignals

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
    workers: int = 1,
    start_timeout: float = START_TIMEOUT,
    hang_timeout: float | None = HANG_TIMEOUT,
    idle_timeout: float | None = None,
    max_lifetime: float | None = None,
    max_rss: float | None = None,
    access_log: bool = False,
    log_format: str = "text",
    session: bool = False,
    allow_remote: bool = False,
    allowed_hosts: "Sequence[str]" = (),
    allowed_origins: "Sequence[str]" = (),
    csp: "str | Mapping[str, Sequence[str]] | None" = None,
    detach: bool = False,
) -> None:
    """Serve an ASGI app and block until it is stopped.

    Ctrl-C, SIGTERM and SIGHUP stop it gracefully, a second one immediately. In a thread other than the main one it
    serves without signal handling; `wesktop ctl stop NAME` stops it from anywhere. While a worker imports the script
    that calls it, this returns immediately.

    target: "module:attribute" of the app, imported as here: same working directory, same `sys.path[0]`.
    name: Identifies the app to this user and to `wesktop ctl`; also the window's class.
    host: Address to listen on.
    port: Port to listen on; 0 takes a free one and keeps it for this app. 0 to 65535.
    pid_path: File that holds the server's PID while it runs. None: no file.
    factory: The target is a function that returns the app.
    workers: Number of processes that serve. 1 to 64.
    drain_timeout: Seconds that open requests may take to finish at a stop or restart; they are cancelled after
        80 % of it. 0.001 to 86400 seconds.
    start_timeout: Seconds within which the app must become ready. 0.001 to 86400 seconds.
    hang_timeout: Seconds that the event loop of a worker may be blocked before the worker is replaced. 0.5 to
        86400 seconds.
    idle_timeout: Seconds without a window or a request after which the server ends. 0.1 to 31536000 seconds.
        None: never.
    max_lifetime: Seconds after which a worker is replaced, without losing a request. 1 to 31536000 seconds.
        None: never.
    max_rss: MiB of memory above which a worker is replaced, without losing a request. 1 to 16777216 MiB. None:
        no limit.
    access_log: Log every request, at about half the speed.
    log_format: Format of the app's log file: "text", "json", or "off" for none.
    session: Require a session: only the app's windows and clients authorised by `wesktop ctl open` or `ctl
        token` may connect.
    allow_remote: Allow a host that other machines can reach, such as "0.0.0.0"; requires a session.
    allowed_hosts: Further names of the server, such as "app.example" or "app.example:8443".
    allowed_origins: Other sites whose pages may send requests, such as "http://localhost:5173".
    csp: Content-Security-Policy of HTML, SVG and XML responses without a policy of their own; "" sends none. A dict
        such as {"img-src": ["https://tile.example"]}, or a string with a leading +, adds to `wesktop.DEFAULT_CSP`.
        None: the app's own origin only.
    detach: Return as soon as the server answers, and leave it running.

    The PID file has the PID of the process that serves: this one, unless `detach` is set. The default name stands for
    the target's module.

    Raises TargetError or ConfigurationError for a parameter that is wrong, AlreadyRunningError, PidFileError,
    PortInUseError or BindError when the server cannot start, and TargetImportError, LifespanError or StartupError
    when the app does not; see wesktop.errors.
    """
    options = locals()
    del options["target"], options["name"]
    if not imported_by_worker("serve"):
        serve_app(target, None if name == DEFAULT_NAME else name, **options)


def serve_app(
    target: str, name: str | None, *, detach: bool = False, owns_process: bool = False, **options: Any
) -> None:
    """The same for the command line. owns_process: this process is there for nothing else."""
    if detach is not False:  # else what checks it is loaded while the worker boots
        from wesktop.options import BY_NAME
        from wesktopd.daemonize import start_detached

        BY_NAME["detach"].check(detach)
        start_detached(serving_spec(target, name, options))
        return
    _refuse_running_loop()
    try:
        _serve_here(target, name, owns_process, options)
    except WesktopError as error:
        service_manager.notify(f"STATUS={error.message}")  # for `systemctl status`, and `wesktop service install`
        raise


def _serve_here(target: str, name: str | None, owns_process: bool, options: dict[str, Any]) -> None:
    # Before all else, as it takes longest to load: what it is to serve is settled meanwhile.
    with start_worker() as worker:
        from wesktopd.instance.instance import Instance
        from wesktopd.system import StopSignals

        with StopSignals() as signals, Instance(serving_spec(target, name, options)) as instance:
            instance.start_worker(worker)
            _supervise(instance, worker, signals, owns_process)


def serving_spec(target: str, name: str | None, options: dict[str, Any]) -> "AppSpec":
    """Return the spec that `serve()` serves with these options. Raises TargetError or ConfigurationError."""
    from wesktop.target import app_spec

    return app_spec(target, name=name, label=name or DEFAULT_NAME, **options)


def _refuse_running_loop() -> None:
    """A loop that runs in this thread would stand still for as long as this serves."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        raise ConfigurationError(
            "serve() was called from a running event loop, which it would block: "
            "call it in a thread, with `await asyncio.to_thread(wesktop.serve, ...)`."
        )


def _supervise(instance: "Instance", first: ChildProcess, signals: "StopSignals", owns_process: bool) -> None:
    import asyncio  # late: the worker boots meanwhile
    import logging

    from wesktopd.daemon.supervisor import Supervisor
    from wesktopd.startup_imports import all_loaded

    if owns_process:
        all_loaded()
    asyncio.run(Supervisor(instance, first, owns_process=owns_process).run(signals, log_level=logging.INFO))
