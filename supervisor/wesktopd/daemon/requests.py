"""Answers the requests that arrive on control connections; see docs/control-protocol.md."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from wesktopd.app.served_app import ServedApp
from wesktopd.control.server_connection import ClientConnection, unforeseen
from wesktopd.daemon.commands import Commands
from wesktopd.daemon.leases import Leases
from wesktopd.daemon.report import build_report
from wesktopd.errors import WesktopError
from wesktopd.logs.logfile import LogLine
from wesktopd.wire.control_messages import (
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
    Link,
    Linked,
    Log,
    Logs,
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
from wesktopd.wire.window_messages import Ask, Focused, Launch, Print, Reply, Show, Vacant

Result = str | Done | Vacant | None  # of what is carried out: a note, or the answer itself


class Requests:
    """Answers requests immediately, or has a command carry them out and answers when that is done."""

    def __init__(self, app: ServedApp, commands: Commands, leases: Leases) -> None:
        self._app, self._commands, self._leases = app, commands, leases
        self._tasks: set[asyncio.Task[None]] = set()

    def lease_ended(self, kind: str) -> None:
        """Do what the end of a lease asks for."""
        self._leases.ended(kind)

    def cancel_all(self) -> None:
        """Cancel the requests that are being carried out, except the one that causes this."""
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def answer(self, connection: ClientConnection, request: Request) -> None:
        """Answer a request, or begin to carry it out."""
        app, commands, windows = self._app, self._commands, self._app.control.windows
        match request:
            case Status():
                connection.send(request.id, build_report(app, asyncio.get_running_loop().time()))
            case Config():
                connection.send(request.id, Spec(spec=msgspec.to_builtins(app.spec)))
            case Stop():
                app.supervisor.request_stop("stopped by request")
                connection.send(request.id, Done())
            case Focus():
                connection.send(request.id, _or_failure(windows.bring_to_front))
            case Focused():  # it is now the connection with the latest message
                connection.send(request.id, Done())
            case Print():
                self._print(request)
                connection.send(request.id, Done())
            case Ask():
                windows.ask(connection, request)
            case Reply():
                windows.reply(connection, request)
            case Launch():
                window = connection if connection.lease == "window" else None
                self._carry_out(connection, request, commands.launch(request, window))
            case Show():
                self._carry_out(connection, request, commands.show(request))
            case Attach():
                self._attach(connection, request)
            case Emit():
                emitting = commands.emit(request.channel, request.event, request.data)
                self._carry_out(connection, request, emitting)
            case Link():
                self._link(connection, request)
            case Bearer():
                connection.send(request.id, _or_failure(lambda: BearerToken(token=app.links.bearer())))
            case Logs() | Events():
                self.stream(connection, request, request)
            case Restart():
                self._carry_out(connection, request, commands.restart())
            case Scale():
                self._carry_out(connection, request, commands.scale(request.workers))
            case Wait():
                self._carry_out(connection, request, commands.wait_ready())
            case Upgrade():
                self._carry_out(connection, request, commands.upgrade())

    def _carry_out(self, connection: ClientConnection, request: Request, work: Awaitable[Result]) -> None:
        """Answer when the work is done; it continues even if its client is gone."""

        async def answer_when_done() -> None:
            answer: Answer
            try:
                result = await work
                answer = Done(note=result or "") if isinstance(result, str | None) else result
            except WesktopError as error:
                answer = failure(error)
            except Exception as error:
                answer = unforeseen(error)
            connection.done(request)
            connection.send(request.id, answer)
            if isinstance(answer, Vacant) and connection in self._app.control.connections:
                self._attach(connection, Attach(id=request.id, kind="caller"))  # before others look for a window

        connection.begun(request)
        task = asyncio.ensure_future(answer_when_done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _attach(self, connection: ClientConnection, request: Attach) -> None:
        try:
            event = self._leases.current_event(request.path)
        except WesktopError as error:
            connection.send(request.id, failure(error))
        else:
            self._leases.began(request.kind)
            self._app.control.attach(connection, request, event)

    def _link(self, connection: ClientConnection, request: Link) -> None:
        try:
            url, used = self._app.links.follow(request.path)
        except WesktopError as error:
            connection.send(request.id, failure(error))
            return
        connection.send(request.id, Linked(url=url))
        if request.follow:
            self._carry_out(connection, request, used)

    def _print(self, request: Print) -> None:
        """Keep the output of a window's process; it is on the terminal already, where there is one."""
        journal = self._app.output.journal
        journal.feed(request.pid, "stderr", request.text.encode())
        journal.ended(request.pid)

    def stream(self, connection: ClientConnection, request: Logs | Events, past: Logs | Events | None) -> None:
        """Send log lines or events; past: asks for those until now, None for none."""
        journal, history = self._app.output.journal, self._app.record.history
        kept: list[Answer] = []
        if isinstance(past, Logs):
            kept = [_as_message(line) for line in journal.last(past.lines, past.since)]
        elif past is not None:
            kept = [*history.kept]
        for answer in kept:
            connection.queue(request.id, answer)
        if not request.follow:
            connection.queue(request.id, End())
        elif isinstance(request, Logs):
            connection.follow(request, lambda send: journal.follow(lambda line: send(_as_message(line))))
        else:
            connection.follow(request, history.follow)


def _or_failure(answer: Callable[[], Answer]) -> Answer:
    try:
        return answer()
    except WesktopError as error:
        return failure(error)


def _as_message(line: LogLine) -> Log:
    return Log(time=line.time, pid=line.pid, stream=line.stream, text=line.text)
