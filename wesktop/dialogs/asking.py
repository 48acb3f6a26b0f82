"""Has the app's window ask the user, by way of its supervisor."""

import asyncio
import contextlib

from wesktopd.client import connect
from wesktopd.context import app_name
from wesktopd.control.connection import Connection
from wesktopd.errors import ControlError, from_wire
from wesktopd.wire import dialog_messages as questions
from wesktopd.wire.control_messages import Answer, Failed, check_passed_on
from wesktopd.wire.window_messages import Answered, Ask


async def ask(question: questions.Any, name: str | None) -> Answered:
    """Ask, and wait for the answer; a task that is cancelled withdraws the question, by closing its connection."""
    with await _asked_in_thread(question, name) as connection:
        paths: list[str] = []
        while True:
            await _readable(connection)
            for message in connection.pending():
                answer = _answered(message)
                paths += answer.paths
                if not answer.more:
                    return Answered(accepted=answer.accepted, paths=tuple(paths))


def ask_blocking(question: questions.Any, name: str | None) -> Answered:
    """The same, in a thread."""
    with _asked(question, name) as connection:
        paths: list[str] = []
        while True:
            answer = _answered(connection.receive(None))
            paths += answer.paths
            if not answer.more:
                return Answered(accepted=answer.accepted, paths=tuple(paths))


def _asked(question: questions.Any, name: str | None) -> Connection:
    request = Ask(question=question)
    check_passed_on(request)
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect(app_name(name, "a function of wesktop.dialogs")))
        connection.send(request)
        stack.pop_all()
    return connection


async def _asked_in_thread(question: questions.Any, name: str | None) -> Connection:
    """The same, while the event loop goes on: a supervisor that is busy may take seconds to accept."""
    asking = asyncio.ensure_future(asyncio.to_thread(_asked, question, name))
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        asking.add_done_callback(_withdraw)
        raise


def _withdraw(asking: "asyncio.Future[Connection]") -> None:
    if not asking.cancelled() and asking.exception() is None:
        asking.result().close()


def _answered(message: Answer | None) -> Answered:
    if isinstance(message, Failed):
        raise from_wire(message.error, message.message)
    if not isinstance(message, Answered):
        raise ControlError("the app's supervisor has ended before the user had answered.")
    return message


async def _readable(connection: Connection) -> None:
    """Wait until something has come."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_reader(connection.fileno(), came.set)
    try:
        await came.wait()
    finally:
        loop.remove_reader(connection.fileno())
