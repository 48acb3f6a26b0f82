"""serve(): the supervisor in the calling process, with no window."""

import sys
from typing import TYPE_CHECKING, Any

from wesktopd.context import imported_by_worker
from wesktopd.errors import ConfigurationError, WesktopError
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, START_TIMEOUT
from wesktopd.system import ChildProcess, service_manager, start_worker

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    csp: str | None = None,
    detach: bool = False,
) -> None:
    """Serve an ASGI app and block until it is stopped.

    Ctrl-C, SIGTERM and SIGHUP stop it gracefully, a second one at once. From a thread other than the main one it
    serves without signal handling; `wesktop ctl stop NAME` ends it from anywhere. While a worker imports the script
    that calls it, it returns at once.

    target: "module:attribute" of the app, imported as here: same working directory, same `sys.path[0]`.
    host, port: where to listen; port 0 takes a free port and keeps it for this name.
    pid_path: a file to write the PID to of the process that serves; this one's, unless `detach` is set.
    name: what the server is called in log messages and by `wesktop ctl`; left as it is, the target's module.
    factory: the target is a function that returns the app.
    drain_timeout: seconds that open requests have to finish in at a stop or restart; for the last fifth cancelled.
    workers: how many processes serve, 1 to 64.
    start_timeout: seconds that the app has to become ready in.
    hang_timeout: seconds that a worker's event loop may stand still for, before it is replaced; None: for ever.
    idle_timeout: seconds without a window or a request after which the server ends; None: never.
    max_lifetime: seconds after which a worker is replaced, without losing a request; None: never.
    max_rss: MiB of memory beyond which a worker is replaced likewise; None: no limit.
    access_log: log every request, at about half the speed.
    log_format: of the app's log file: "text", "json", or "off" for none.
    session: let nobody in but who is let in by `wesktop ctl open` or brings what `wesktop ctl token` prints.
    allow_remote: `host` may be one that other machines reach, such as "0.0.0.0"; with a session only.
    allowed_hosts: further names that the server goes by, as in "app.example" or "app.example:8443".
    allowed_origins: other sites whose pages may send requests, as in "http://localhost:5173".
    csp: the Content-Security-Policy of HTML, SVG and XML where the app gives none, "" for none; None: its own origin
        only.
    detach: return as soon as the server answers, and leave it running; `wesktop ctl` controls it.

    Raises TargetError or ConfigurationError for a parameter that is wrong, AlreadyRunningError, PidFileError,
    PortInUseError or BindError when the server cannot start, and TargetImportError, LifespanError or StartupError
    when the app does not; see wesktop.errors.
    """
    if imported_by_worker("serve"):
        return
    serve_app(
        target,
        None if name == DEFAULT_NAME else name,
        detach=detach,
        host=host,
        port=port,
        pid_path=pid_path,
        factory=factory,
        drain_timeout=drain_timeout,
        workers=workers,
        start_timeout=start_timeout,
        hang_timeout=hang_timeout,
        idle_timeout=idle_timeout,
        max_lifetime=max_lifetime,
        max_rss=max_rss,
        access_log=access_log,
        log_format=log_format,
        session=session,
        allow_remote=allow_remote,
        allowed_hosts=allowed_hosts,
        allowed_origins=allowed_origins,
        csp=csp,
    )


def serve_app(
    target: str, name: str | None, *, detach: bool = False, owns_process: bool = False, **options: Any
) -> None:
    """The same for the command line. owns_process: this process is there for nothing else."""
    if detach is not False:  # else what checks it is loaded while the worker boots
        from wesktop.target import check_type
        from wesktopd.daemonize import start_detached

        check_type("detach", detach)
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
    """What `serve()` serves with these options. Raises TargetError or ConfigurationError for what does not fit."""
    from wesktop.target import app_spec, pid_path_option

    options = {**options, "pid_path": pid_path_option(options.get("pid_path"))}
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
