"""The control socket's server: who may connect, who is connected, and the leases."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

from wesktopd import transport
from wesktopd.client_connection import ClientConnection, unforeseen
from wesktopd.errors import WesktopError
from wesktopd.files import OwnFile
from wesktopd.protocol import (
    STARTER,
    Answer,
    Attach,
    Bearer,
    BearerToken,
    Config,
    Done,
    Emit,
    End,
    Events,
    Focus,
    Happened,
    Link,
    Linked,
    Log,
    Logs,
    Others,
    Report,
    Request,
    Restart,
    Scale,
    Spec,
    Status,
    Stop,
    Upgrade,
    Wait,
    failure,
)
from wesktopd.window_protocol import Ask, Focused, Launch, Print, Reply, Show, Vacant
from wesktopd.windows import Windows

MAX_CONNECTIONS = 256

Result = str | Done | Vacant | None  # of what is carried out: a note, or the answer itself

logger = logging.getLogger("wesktopd")


class Controlled(Protocol):
    """What the control server needs of the supervisor."""

    def report(self) -> Report:
        """How the app is."""

    def spec_fields(self) -> Spec:
        """What is served, and how."""

    def request_stop(self, reason: str) -> None:
        """Begin to end the app."""

    async def restart(self) -> str:
        """Serve new code; what came of it. Raises WesktopError when the old one goes on."""

    async def scale(self, workers: int) -> str:
        """Run so many workers; what came of it."""

    async def wait_ready(self) -> None:
        """Return as soon as a worker is ready."""

    async def upgrade(self) -> str:
        """Re-execute the supervisor; the new one answers."""

    async def launch(self, launch: Launch, window: ClientConnection | None) -> None:
        """Tell the app that it was started again; window: that was opened for it, None for the one in front."""

    async def show(self, show: Show) -> Done | Vacant:
        """Have a window show the app, or tell who asks to open one."""

    async def emit(self, channel: str, event: str, data: str) -> None:
        """Send an event to the pages."""

    def link(self, path: str) -> tuple[str, Awaitable[str]]:
        """An address that lets one client in; and what waits until it has, or raises. Raises WesktopError."""

    def bearer(self) -> str:
        """What lets scripts in. Raises WesktopError where there is no session."""

    def logs(self, lines: int | None, since: float | None) -> Iterable[Log]:
        """What was printed."""

    def printed(self, pid: int, text: str) -> None:
        """A window's process has printed this."""

    def follow_logs(self, callback: Callable[[Log], None]) -> Callable[[], None]:
        """Tell of what is printed from now on, until what is returned is called."""

    def events(self) -> Iterable[Happened]:
        """What has happened."""

    def follow_events(self, callback: Callable[[Happened], None]) -> Callable[[], None]:
        """Tell of what happens from now on, until what is returned is called."""

    def current_event(self, path: str) -> Answer:
        """The event that a new lease begins with, whose page is at `path`. Raises WesktopError for a bad one."""

    def lease_began(self, kind: str) -> None:
        """Somebody has attached."""

    def lease_ended(self, kind: str) -> None:
        """A lease ended; those that are left are in `ControlServer.leases`."""


class ControlServer:
    """Answers control connections; a broken one ends alone."""

    def __init__(self, controlled: Controlled) -> None:
        self.connections: dict[ClientConnection, None] = {}  # the longest connected first
        self.secret: str | None = None
        self.listener: socket.socket | None = None
        self.windows = Windows(lambda: self.leases)
        self._controlled = controlled
        self._server: asyncio.Server | None = None
        self._own: OwnFile | None = None
        self._tasks: set[asyncio.Task[None]] = set()

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

    async def listen_on(self, listener: socket.socket, secret: str | None, path: Path) -> None:
        """Listen on a control socket that is there already."""
        loop = asyncio.get_running_loop()
        self.listener, self.secret, self._own = listener, secret, OwnFile(path)
        self._own.claim()
        if listener.family == getattr(socket, "AF_UNIX", None):
            self._server = await loop.create_unix_server(self._connect, sock=listener, backlog=MAX_CONNECTIONS)
        else:
            self._server = await loop.create_server(self._connect, sock=listener, backlog=MAX_CONNECTIONS)

    def is_in_place(self) -> bool:
        """Whether what leads to the socket is still what others find."""
        return self._own is not None and self._own.is_in_place()

    def _stop_listening(self) -> None:
        if self._server is not None and self._own is not None:
            self._server.close()
            self._own.remove()

    def _connect(self) -> ClientConnection:
        return ClientConnection(self, self.secret)

    async def adopt(
        self,
        connection: socket.socket,
        request_id: int = 0,
        kind: str | None = None,
        path: str = "/",
        heard: bytes = b"",
    ) -> ClientConnection:
        """Serve a connection that was inherited; kind: of the lease that its other end holds by it, if it does.

        heard: see ClientConnection.
        """
        loop = asyncio.get_running_loop()
        _, client = await loop.connect_accepted_socket(lambda: ClientConnection(self, None, heard), connection)
        client.hold(request_id, kind, path)
        return client

    def broadcast(self, event: Answer) -> None:
        """Send an event to every lease."""
        for lease in self.leases:
            lease.send_event(event)

    async def close(self, last: Answer) -> None:
        """Send the leases their last event, close every connection and remove the socket."""
        self.broadcast(last)
        self._stop_listening()
        for task in self._tasks:
            task.cancel()
        for connection in [*self.connections]:
            connection.close()
        await asyncio.sleep(0)  # what is written now goes out now

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
            self._controlled.lease_ended(connection.lease)
            self._count_for_callers()

    def answer(self, connection: ClientConnection, request: Request) -> None:
        """Carry out a request, or begin to."""
        controlled = self._controlled
        match request:
            case Status():
                connection.send(request.id, controlled.report())
            case Config():
                connection.send(request.id, controlled.spec_fields())
            case Stop():
                controlled.request_stop("stopped by request")
                connection.send(request.id, Done())
            case Focus():
                connection.send(request.id, _or_failure(self.windows.bring_to_front))
            case Focused():  # which makes it the last one that was heard of
                connection.send(request.id, Done())
            case Print():
                controlled.printed(request.pid, request.text)
                connection.send(request.id, Done())
            case Ask():
                self.windows.ask(connection, request)
            case Reply():
                self.windows.reply(connection, request)
            case Launch():
                self._carry_out(
                    connection,
                    request.id,
                    controlled.launch(request, connection if connection.lease == "window" else None),
                )
            case Show():
                self._carry_out(connection, request.id, controlled.show(request))
            case Attach():
                self._attach(connection, request)
            case Emit():
                emitting = controlled.emit(request.channel, request.event, request.data)
                self._carry_out(connection, request.id, emitting)
            case Link():
                self._link(connection, request)
            case Bearer():
                connection.send(request.id, _or_failure(lambda: BearerToken(token=controlled.bearer())))
            case Logs():
                follow = controlled.follow_logs if request.follow else None
                self._stream(connection, request.id, controlled.logs(request.lines, request.since), follow)
            case Events():
                follow_events = controlled.follow_events if request.follow else None
                self._stream(connection, request.id, controlled.events(), follow_events)
            case Restart():
                self._carry_out(connection, request.id, controlled.restart())
            case Scale():
                self._carry_out(connection, request.id, controlled.scale(request.workers))
            case Wait():
                self._carry_out(connection, request.id, controlled.wait_ready())
            case Upgrade():
                connection.upgrade_id = request.id
                self._carry_out(connection, request.id, controlled.upgrade())

    def _attach(self, connection: ClientConnection, request: Attach) -> None:
        try:
            event = self._controlled.current_event(request.path)
        except WesktopError as error:
            connection.send(request.id, failure(error))
            return
        connection.hold(request.id, request.kind, request.path)
        self._controlled.lease_began(request.kind)
        connection.send_event(event)
        if request.kind == "window":
            self.windows.attached(connection)
        self._count_for_callers()

    def _count_for_callers(self) -> None:
        leases = self.leases
        for lease in leases:
            if lease.lease in (STARTER, "caller"):
                lease.send_event(Others(count=len(leases) - 1))

    def _carry_out(self, connection: ClientConnection, request_id: int, work: Awaitable[Result]) -> None:
        """Answer when the work is done; it goes on although its client has gone."""

        async def answer_when_done() -> None:
            answer: Answer
            try:
                result = await work
                answer = Done(note=result or "") if isinstance(result, str | None) else result
            except WesktopError as error:
                answer = failure(error)
            except Exception as error:
                answer = unforeseen(error)
            connection.begun(request_id, -1)
            connection.send(request_id, answer)
            if isinstance(answer, Vacant) and connection in self.connections:  # at once: the next one has to see it
                self._attach(connection, Attach(id=request_id, kind="caller"))

        connection.begun(request_id, 1)
        task = asyncio.ensure_future(answer_when_done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stream(
        self,
        connection: ClientConnection,
        request_id: int,
        kept: Iterable[Answer],
        follow: "Callable[[Callable[[Answer], None]], Callable[[], None]] | None",
    ) -> None:
        for answer in kept:
            connection.queue(request_id, answer)
        if follow is None:
            connection.queue(request_id, End())
        else:
            connection.follow(request_id, follow)

    def _link(self, connection: ClientConnection, request: Link) -> None:
        try:
            url, used = self._controlled.link(request.path)
        except WesktopError as error:
            connection.send(request.id, failure(error))
            return
        connection.send(request.id, Linked(url=url))
        if request.follow:
            self._carry_out(connection, request.id, used)


def _or_failure(answer: Callable[[], Answer]) -> Answer:
    try:
        return answer()
    except WesktopError as error:
        return failure(error)
