"""granian, embedded in this process, on a socket that is bound already."""

import asyncio
import socket
from typing import Any

from wesktopd.limits import BACKLOG, MAX_CONNECTIONS
from wesktopd.system import socket_holder_arguments
from wesktopd.worker.drain import ASGIApp


def embedded_server(app: ASGIApp, listener: socket.socket, *, access_log: bool) -> Any:
    """The server: `await serve()`, until `stop()`.

    granian has no option for a socket that is bound already (2.8): `_init_shared_socket` is its private seam, and a
    test holds it.
    """
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    class InheritedSocketServer(Server):  # type: ignore[misc]
        def _init_shared_socket(self) -> None:
            self._ssp = None
            self._shd = SocketHolder(*socket_holder_arguments(listener, BACKLOG))
            self._sfd = listener.fileno()
            self._sso = listener

    host, port = listener.getsockname()[:2]
    return InheritedSocketServer(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,  # without a lifespan: the worker runs it itself, see wesktopd.worker.lifespan
        http=HTTPModes.http1,  # the plain port would speak h2c otherwise
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,  # the backlog unless given: each open event stream would take one
        log_level=LogLevels.error,  # the lines about requests come from a logger of their own
        log_access=access_log,
    )


def allow_late_end(loop: asyncio.AbstractEventLoop) -> None:
    """Keep quiet about granian's end when it comes while the loop is ending.

    granian may still wait for clients then. The loop's end cancels the future that granian's last callback sets, so
    the callback raises InvalidStateError (2.8), which would leave a traceback in the log.
    """
    handle = loop.get_exception_handler() or (lambda loop, context: loop.default_exception_handler(context))

    def handle_others(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, asyncio.InvalidStateError) and _raised_in(error).startswith("granian.")):
            handle(loop, context)

    loop.set_exception_handler(handle_others)


def _raised_in(error: BaseException) -> str:
    """Return the name of the module that an exception was raised in."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__", "")) if trace else ""
