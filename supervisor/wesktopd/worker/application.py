"""The app that a worker serves: imported as the caller would import it, and behind the guard."""

import os
import sys
import traceback
from pathlib import Path

import wesktopd
from wesktopd.context import APP_VARIABLE, BUS_VARIABLE, set_worker
from wesktopd.errors import TargetImportError
from wesktopd.guard.middleware import Guard
from wesktopd.guard.session import SessionCheck, SessionSecrets
from wesktopd.target import load
from wesktopd.wire.worker_messages import WorkerSpec
from wesktopd.worker.drain import ASGIApp
from wesktopd.worker.second_launch import StartRequests
from wesktopd.worker.token_client import TokenClient


def prepare(spec: WorkerSpec, start_requests: StartRequests) -> ASGIApp:
    """Import the app, and its function for further starts, as the caller would. Raises TargetImportError."""
    try:
        os.chdir(spec.working_dir)
    except OSError as error:
        raise TargetImportError(f"working directory {spec.working_dir!r}: {error.strerror}.") from None
    sys.path[:0] = spec.import_path
    os.environ[APP_VARIABLE] = spec.name  # for wesktop.open_window and the like
    if spec.bus is not None:
        os.environ[BUS_VARIABLE] = spec.bus  # for the app's broadcasters, see wesktop.sse
    set_worker(importing=True)
    app = load(spec.target, factory=spec.factory)
    if spec.on_launch is not None:
        start_requests.function = load(spec.on_launch, kind="function")
    set_worker(importing=False)
    return app


def guarded(app: ASGIApp, spec: WorkerSpec, port: int, token_client: TokenClient) -> ASGIApp:
    """Return the app behind the guard."""
    session = None
    if spec.cookie and spec.bearer:
        session = SessionCheck(SessionSecrets(spec.cookie, spec.bearer), spec.name, port)
    guard = Guard(
        app,
        name=spec.name,
        host=spec.host,
        port=port,
        allowed_hosts=spec.allowed_hosts,
        allowed_origins=spec.allowed_origins,
        csp=spec.csp,
        session=session,
        redeem=token_client.redeem,
    )
    return guard.dispatch


def print_traceback(error: BaseException) -> None:
    """Print the app's part of a traceback, without the frames of the import system that led there."""
    trace = error.__traceback__
    leading = ("importlib", str(Path(wesktopd.__file__).parent))
    while trace is not None and any(part in trace.tb_frame.f_code.co_filename for part in leading):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
