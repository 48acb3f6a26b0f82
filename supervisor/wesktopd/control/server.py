"""The control socket's server: its connections, the leases that they hold, and the handover to another supervisor."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from wesktopd.control.handed_connections import HandedConnection, HandedControl
from wesktopd.control.server_connection import ClientConnection
from wesktopd.control.windows import Windows
from wesktopd.system import transport
from wesktopd.system.atomic_files import OwnFile
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
        self.listener: socket.socket | None = None
        self.windows = Windows(lambda: self.leases)
        self._server: asyncio.Server | None = None
        self._own: OwnFile | None = None
        self._handed: list[tuple[ClientConnection, HandedConnection]] = []  # which wait for `resume`
        self._upgrades: list[tuple[ClientConnection, Upgrade]] = []

    @property
    def leases(self) -> list[ClientConnection]:
        """The connections that hold one."""
        return [each for each in self.connections if each.lease is not None and not each.closing]

    async def open(self, path: Path) -> None:
        """Listen for those who find the socket at `path`, and at no other any more; connections stay.

        Raises OSError when it cannot be made.
        """
        self._stop_listening()
        listener, secret = transport.listen(path)
        await self.listen_on(listener, secret, path)

    async def listen_on(
        self, listener: socket.socket, secret: str | None, path: Path, *, resumed: bool = True
    ) -> None:
        """Listen on a control socket that is there already; resumed: from now on, not only from `resume`."""
        self.listener, self.secret, self._own = listener, secret, OwnFile(path)
        self._own.claim()
        self._server = await transport.serve(self._connect, listener, MAX_CONNECTIONS, start_serving=resumed)

    def is_in_place(self) -> bool:
        """Whether what leads to the socket is still what others find."""
        return self._own is not None and self._own.is_in_place()

    def _stop_listening(self) -> None:
        if self._server is not None and self._own is not None:
            self._server.close()
            self._own.remove()
        self.listener = self._server = self._own = None

    def _connect(self) -> ClientConnection:
        return ClientConnection(self, ServerGreeting(self.secret) if self.secret else None)

    async def adopt(
        self, connection: socket.socket, greeting: ServerGreeting | None = None, *, paused: bool = False
    ) -> ClientConnection:
        """Serve a connection that was inherited."""
        _, client = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: ClientConnection(self, greeting, paused=paused), connection
        )
        return client

    def pause(self) -> None:
        """Accept no further connections; who makes one waits. Raises OSError, and then goes on."""
        if self._server is not None and self.listener is not None:
            self.listener = self.listener.dup()  # closing the server closes its own
            self._server.close()
            self._server = None

    def hand_over(self, number: Callable[[int], int]) -> HandedControl:
        """After `pause`: answer nobody any more, for another supervisor to go on; number: of a copy of a descriptor.

        Who waits for what only this one can answer is hung up on. What leads to the control socket stays.
        """
        listener = None
        if self.listener is not None:
            listener = number(self.listener.fileno())
            self.listener.close()
        self.listener = self._own = None
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
        """Be ready to go on where another supervisor has stopped: until `resume`, nobody is heard, or told anything.

        sockets: gives that of a number. back: it was this one itself, and who follows has had all that it keeps.
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
            await self.listen_on(sockets(handed.listener), handed.secret, path, resumed=False)

    async def resume(self, path: Path | None) -> None:
        """Go on, after `take_over`; or accept again, after a `pause` of which nothing came."""
        handed, self._handed = self._handed, []  # all of their leases are there, which a request may ask for
        for client, each in handed:
            client.resume(each)
        if self._server is not None:
            await self._server.start_serving()
        elif self.listener is not None and path is not None:
            await self.listen_on(self.listener, self.secret, path)

    def broadcast(self, event: Answer) -> None:
        """Send an event to every lease."""
        for lease in self.leases:
            lease.send_event(event)

    async def close(self, last: Answer) -> None:
        """Send the leases their last event, close every connection and remove the socket."""
        self.broadcast(last)
        self._stop_listening()
        self.handler.cancel_all()
        for connection in [*self.connections]:
            connection.close()
        await asyncio.sleep(0)  # what is written now goes out now

    def answer_upgrades(self, answer: Answer) -> None:
        """Tell those of whom `take_over` has heard that they have asked for an upgrade what came of it."""
        while self._upgrades:
            connection, request = self._upgrades.pop()
            connection.done(request)
            connection.send(request.id, answer)

    # What a connection tells.

    def admit(self, connection: ClientConnection) -> None:
        """A connection was made. When there are too many, the one that has been silent for longest has to go."""
        self.connections[connection] = None
        if len(self.connections) > MAX_CONNECTIONS:
            # Who has not shown yet that it may be here goes first.
            idle = [other for other in self.connections if not other.busy and other is not connection]
            next((other for other in idle if not other.greeted), idle[0] if idle else connection).abort()

    def heard(self, connection: ClientConnection) -> None:
        """A connection has said something: it is the last one now to have been silent."""
        self.connections[connection] = self.connections.pop(connection)

    def hung_up(self, connection: ClientConnection) -> None:
        """A connection's client sends no more. What it wanted of the user is not asked for any longer."""
        self.windows.gone(connection)

    def forget(self, connection: ClientConnection) -> None:
        """A connection has ended."""
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
