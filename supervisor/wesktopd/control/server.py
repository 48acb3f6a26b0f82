"""The control socket's server: its connections, the leases that they hold, and the handover to another supervisor."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from wesktopd.control.handed_connections import HandedConnection, HandedControl
from wesktopd.control.server_connection import ClientConnection
from wesktopd.control.windows import Windows
from wesktopd.system import control_socket
from wesktopd.system.listening_socket import ListeningSocket
from wesktopd.wire.control_messages import STARTER, Answer, Attach, Events, Logs, Others, Request, Upgrade
from wesktopd.wire.greeting import ServerGreeting

MAX_CONNECTIONS = 256


class RequestHandler(Protocol):
    """Answers what clients ask for."""

    def answer(self, connection: ClientConnection, request: Request) -> None:
        """Answer a request, or begin to carry it out."""

    def stream(self, connection: ClientConnection, request: Logs | Events, past: Logs | Events | None) -> None:
        """Send log lines or events; past: asks for those until now, None for none."""

    def lease_ended(self, kind: str) -> None:
        """Do what the end of a lease asks for; those that are left are in `ControlServer.leases`."""

    def cancel_all(self) -> None:
        """Cancel the requests that are being carried out."""


class ControlServer:
    """Accepts control connections; a broken one ends alone.

    handler: answers their requests; to be set before the server is opened.
    """

    handler: RequestHandler

    def __init__(self) -> None:
        self.connections: dict[ClientConnection, None] = {}  # the longest connected first
        self.secret: str | None = None
        self.windows = Windows(lambda: self.leases)
        self._listener = ListeningSocket(self._connect, MAX_CONNECTIONS)
        self._handed: list[tuple[ClientConnection, HandedConnection]] = []  # that wait for `resume`
        self._upgrades: list[tuple[ClientConnection, Upgrade]] = []

    @property
    def leases(self) -> list[ClientConnection]:
        """The connections that hold one."""
        return [each for each in self.connections if each.lease is not None and not each.closing]

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that are handed over: the listening one, and those of connections."""
        connected = [each.socket for each in self.connections if each.can_be_handed_over]
        return [*connected, *self._listener.sockets]

    async def open(self, path: Path) -> None:
        """Listen at `path`, and no longer at any other; connections stay. Raises OSError if that is not possible."""
        self._listener.close()
        listener, self.secret = control_socket.listen(path)
        await self._listener.open(listener, path)

    def is_in_place(self) -> bool:
        """Return whether clients still find the socket."""
        return self._listener.is_in_place()

    def _connect(self) -> ClientConnection:
        return ClientConnection(self, ServerGreeting(self.secret) if self.secret else None)

    async def adopt(
        self, connection: socket.socket, greeting: ServerGreeting | None = None, *, paused: bool = False
    ) -> ClientConnection:
        """Serve an inherited connection."""
        _, client = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: ClientConnection(self, greeting, paused=paused), connection
        )
        return client

    def pause(self) -> None:
        """Accept no further connections; clients wait. Raises OSError, and then goes on accepting."""
        self._listener.pause()

    def hand_over(self, number: Callable[[int], int]) -> HandedControl:
        """After `pause`: answer no client any more, for another supervisor to go on.

        number: gives the number of a copy of a descriptor. Connections that wait for what only this supervisor can
        answer are closed. The path of the control socket stays.
        """
        listener = self._listener.hand_over(number)
        handed = []
        for connection in [*self.connections]:
            if connection.can_be_handed_over:
                dialog = self.windows.dialog_of(connection)
                handed.append(connection.hand_over(number(connection.socket.fileno()), dialog))
            else:
                connection.abort()
        self.handler.cancel_all()
        return HandedControl(listener=listener, secret=self.secret, connections=handed, kept=self.windows.hand_over())

    async def take_over(
        self, handed: HandedControl, sockets: Callable[[int], socket.socket], path: Path | None, *, back: bool = False
    ) -> None:
        """Prepare to go on where another supervisor stopped: until `resume`, nothing is read from clients or sent.

        sockets: gives the socket of a number. back: it was this one itself, so followers have all that it keeps.
        """
        self.windows.take_over(handed.kept)
        for each in handed.connections:
            assert each.greeted or handed.secret
            greeting = None if each.greeted else ServerGreeting(handed.secret or "", each.awaited)
            client = await self.adopt(sockets(each.fd), greeting, paused=True)
            self._handed.append((client, each))
            self._upgrades += [(client, request) for request in client.take_over(each)]
            for request in each.following:
                self.handler.stream(client, request, None if back else type(request)())  # all that it has itself
            if each.dialog is not None:
                self.windows.inherit(client, each.dialog)
        if handed.listener is not None and path is not None:
            self.secret = handed.secret
            await self._listener.open(sockets(handed.listener), path, paused=True)

    async def resume(self) -> None:
        """Go on after `take_over`, or accept again after a `pause` without a handover."""
        handed, self._handed = self._handed, []  # first all leases: a request may ask for them
        for client, each in handed:
            client.resume(each)
        await self._listener.resume()

    def broadcast(self, event: Answer) -> None:
        """Send an event to every lease."""
        for lease in self.leases:
            lease.send_event(event)

    async def close(self, last: Answer) -> None:
        """Send the leases their last event, close every connection, and remove the socket."""
        self.broadcast(last)
        self._listener.close()
        self.handler.cancel_all()
        for connection in [*self.connections]:
            connection.close()
        await asyncio.sleep(0)  # so that what was written is sent

    def answer_upgrades(self, answer: Answer) -> None:
        """Answer the requests for an upgrade that `take_over` has received."""
        while self._upgrades:
            connection, request = self._upgrades.pop()
            connection.done(request)
            connection.send(request.id, answer)

    # Called by connections.

    def admit(self, connection: ClientConnection) -> None:
        """Add a connection; if there are too many, close the one that has been silent for longest."""
        self.connections[connection] = None
        if len(self.connections) > MAX_CONNECTIONS:
            # A client that has not proved itself yet goes first.
            idle = [other for other in self.connections if not other.busy and other is not connection]
            next((other for other in idle if not other.greeted), idle[0] if idle else connection).abort()

    def received(self, connection: ClientConnection) -> None:
        """Move a connection to the end: it has sent something, so all others have been silent for longer."""
        self.connections[connection] = self.connections.pop(connection)

    def half_closed(self, connection: ClientConnection) -> None:
        """Withdraw the client's dialogs: it sends no more."""
        self.windows.gone(connection)

    def forget(self, connection: ClientConnection) -> None:
        """Remove a connection that has ended."""
        self.connections.pop(connection, None)
        self.windows.gone(connection)
        if connection.lease is not None:
            self.handler.lease_ended(connection.lease)
            self._count_for_callers()

    def answer(self, connection: ClientConnection, request: Request) -> None:
        """Have a request answered."""
        self.handler.answer(connection, request)

    def attach(self, connection: ClientConnection, request: Attach, event: Answer) -> None:
        """Have a client hold a lease, which begins with this event."""
        connection.hold(request.id, request.kind, request.path)
        connection.send_event(event)
        if request.kind == "window":
            self.windows.attached(connection)
        self._count_for_callers()

    def _count_for_callers(self) -> None:
        leases = self.leases
        for lease in leases:
            if lease.lease in (STARTER, "caller"):
                lease.send_event(Others(count=len(leases) - 1))
