"""granian, embedded in this process, on a socket that is bound already."""

import socket
import sys
from typing import Any

from wesktopd.drain import ASGIApp
from wesktopd.limits import BACKLOG, MAX_CONNECTIONS


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
            fd = listener.fileno()
            unix = listener.family == getattr(socket, "AF_UNIX", None)
            arguments = (fd, unix) if sys.platform == "darwin" else (fd, unix, BACKLOG)
            self._ssp = None
            self._shd = SocketHolder(*arguments)
            self._sfd = fd
            self._sso = listener

    host, port = listener.getsockname()[:2]
    return InheritedSocketServer(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,  # without a lifespan: the worker runs it itself, see wesktopd.lifespan
        http=HTTPModes.http1,  # the plain port would speak h2c otherwise
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,  # the backlog unless given: each open event stream would take one
        log_level=LogLevels.error,  # the lines about requests come from a logger of their own
        log_access=access_log,
    )
