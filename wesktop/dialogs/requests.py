"""Send dialog requests to the app's window, through its supervisor, and wait for the answers."""

import asyncio
import contextlib

from wesktopd.client import connect
from wesktopd.context import app_name
from wesktopd.control.connection import Connection
from wesktopd.errors import ControlError, WindowError, from_wire
from wesktopd.wire import dialog_messages
from wesktopd.wire.control_messages import Answer, Failed, check_passed_on
from wesktopd.wire.window_messages import Answered, Ask


async def ask(question: dialog_messages.Any, name: str | None) -> Answered:
    """Send the question and wait for its answer. Cancelling the task closes the connection, and so the dialog."""
    with await _send_in_thread(question, name) as connection:
        paths: list[str] = []
        while True:
            await _wait_readable(connection)
            for message in connection.pending():
                answer = _check_answer(message)
                paths += answer.paths
                if not answer.more:
                    return Answered(accepted=answer.accepted, paths=tuple(paths))


def ask_blocking(question: dialog_messages.Any, name: str | None) -> Answered:
    """Send the question and block until its answer arrives."""
    with _send(question, name) as connection:
        paths: list[str] = []
        while True:
            answer = _check_answer(connection.receive(None))
            paths += answer.paths
            if not answer.more:
                return Answered(accepted=answer.accepted, paths=tuple(paths))


async def is_shown(notice: dialog_messages.Notice, name: str | None) -> bool:
    """Send a notification; return whether the desktop has accepted it."""
    try:
        await ask(notice, name)
    except WindowError as error:
        return _not_shown(error)
    return True


def is_shown_blocking(notice: dialog_messages.Notice, name: str | None) -> bool:
    """The same, for threads."""
    try:
        ask_blocking(notice, name)
    except WindowError as error:
        return _not_shown(error)
    return True


def _not_shown(error: WindowError) -> bool:
    """Return False; the reason is logged."""
    import logging

    logging.getLogger("wesktop").warning("a notification is not shown: %s", error.message)
    return False


def _send(question: dialog_messages.Any, name: str | None) -> Connection:
    request = Ask(question=question)
    check_passed_on(request)
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect(app_name(name, "a function of wesktop.dialogs")))
        connection.send(request)
        stack.pop_all()
    return connection


async def _send_in_thread(question: dialog_messages.Any, name: str | None) -> Connection:
    """Send without blocking the event loop: a busy supervisor may take seconds to accept the connection."""
    connecting = asyncio.ensure_future(asyncio.to_thread(_send, question, name))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_withdraw)
        raise


def _withdraw(connecting: "asyncio.Future[Connection]") -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


def _check_answer(message: Answer | None) -> Answered:
    if isinstance(message, Failed):
        raise from_wire(message.error, message.message)
    if not isinstance(message, Answered):
        raise ControlError("the app's supervisor ended before the user answered.")
    return message


async def _wait_readable(connection: Connection) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
