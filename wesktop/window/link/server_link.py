"""The window's two connections: to its launcher and to the supervisor."""

import contextlib
import logging
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from wesktop.window.backlog import Backlog
from wesktop.window.page.page import Page
from wesktop.window.spec import Attached, ServerAddress
from wesktopd.control.connection import Connection, attach
from wesktopd.errors import WesktopError
from wesktopd.system import send_message
from wesktopd.wire import control_messages, dialog_messages, window_messages
from wesktopd.wire.control_messages import MAX_FRAME, Answer, Down, End, Linked, Raise, Ready
from wesktopd.wire.lines import LineReader
from wesktopd.wire.window_messages import Asked, Focused, Launched, Navigate, Reply, Withdrawn
from wesktopd.wire.worker_messages import StartRequest, decode

NOTE_AFTER = 0.4  # seconds; a restart that is faster needs no note
MAX_LINE = 4 * MAX_FRAME  # bytes from the launcher; its ASCII JSON is at most three times as long as a frame
RETRY_EVERY = 0.5  # seconds between attempts to reconnect
ANSWERS_WITHIN = 5.0  # seconds without an answer until the page shows a note
MAX_UNSENT = 64  # messages queued for a server that does not read

logger = logging.getLogger("wesktop")


class ServerLink:
    """Reads the messages of launcher and server in a thread of its own, and passes them to the page.

    on_server: called with the control socket and the app's name as soon as they are known.
    """

    def __init__(
        self,
        caller: socket.socket,
        page: Page,
        app_id: str,
        icon: str | None,
        on_server: Callable[[Path, str], None] = lambda *_: None,
    ) -> None:
        self._caller = caller
        self._lines = LineReader(MAX_LINE)
        self._page = page
        self._dialogs = page.dialogs(app_id, icon)
        self._on_server = on_server
        self._server: Connection | None = None
        self._unsent = Backlog("messages for the server", self._send, MAX_UNSENT)
        self._launch: StartRequest | None = None  # not sent to the server yet
        self._at: ServerAddress | None = None
        self._attached = False
        self._answer_due: float | None = None
        self._url = ""
        self._path: str | None = None  # of the page shown when the connection was lost
        self._lost_server = False
        self._ended = self._left = False
        self._note: str | None = None
        self._note_due: float | None = None
        self._noted = False
        page.on_refused = self._ask_for_link

    def run(self) -> None:
        """Follow both until the launcher ends, or a server that ends with its window; then close the window."""
        self._page.on_focus = lambda: self._send_later(self._server, Focused(), kind="focus")
        self._page.closed += self._leave
        with selectors.DefaultSelector() as selector:
            selector.register(self._caller, selectors.EVENT_READ)
            while not self._ended:
                ready = {key.fileobj for key, _ in selector.select(self._timeout())}
                if self._left:
                    return
                if self._caller in ready and not self._read_caller():
                    if self._at is None or not self._at.stays:
                        break
                    selector.unregister(self._caller)
                if self._server is not None and self._server in ready:
                    self._read_server(selector)
                if self._server is None and self._at is not None:
                    self._connect(selector)
                self._show_due_note()
        self._page.close()

    def _leave(self) -> None:
        """Disconnect from a server that stays: the window is closed, but its process takes a moment to end.

        A one-shot server ends with the connection, and needs that moment for the page's last requests.
        """
        if self._at is None or self._at.one_shot:
            return
        self._left = True
        if (server := self._server) is not None:
            server.shut_down()

    def _timeout(self) -> float | None:
        if self._server is None and self._at is not None:
            return RETRY_EVERY
        due = min(filter(None, (self._note_due, self._answer_due)), default=None)
        return None if due is None else max(0.0, due - time.monotonic())

    def _read_caller(self) -> bool:
        try:
            data = self._caller.recv(4096)
        except OSError:
            data = b""
        for line in self._lines.feed(data):
            message = decode(line, ServerAddress, StartRequest)
            if isinstance(message, ServerAddress):
                self._at = message
                self._on_server(Path(message.socket), message.name)
            elif isinstance(message, StartRequest):
                self._launch = message
        return bool(data)

    def _connect(self, selector: selectors.BaseSelector) -> None:
        assert self._at is not None
        if self._at.url is not None and not self._lost_server:
            self._page.show(self._at.url, self._at.link)
        with contextlib.suppress(WesktopError):
            path = self._path or self._at.path
            self._server = attach(Path(self._at.socket), self._at.name, "window", path, patience=0.0)
            self._attached = False
            self._answer_due = time.monotonic() + ANSWERS_WITHIN
            if self._left:  # meanwhile
                self._server.shut_down()
            selector.register(self._server, selectors.EVENT_READ)
            if self._launch is not None:
                arguments, directory = self._launch.arguments, self._launch.directory
                self._launch = None
                self._send_to_server(window_messages.Launch(arguments=arguments, directory=directory))

    def _read_server(self, selector: selectors.BaseSelector) -> None:
        assert self._server is not None
        self._answer_due = None
        try:
            for event in self._server.pending():
                if event is None:
                    break
                if not self._attached:  # now: the server must not see the end of the launcher's lease first
                    self._attached = True
                    send_message(self._caller, Attached())
                self._handle(event)
            else:
                return
        except WesktopError as error:
            logger.warning("the window disconnects from its server: %s", error)
        selector.unregister(self._server)
        self._server.close()
        self._server = None
        self._on_event(End())

    def _handle(self, event: Answer) -> None:
        try:
            self._on_event(event)
        except Exception:  # later events must still be read
            logger.exception("a message of the server is lost: %s", type(event).__name__)

    def _on_event(self, event: Answer) -> None:
        match event:
            case Ready(url=url, origin=origin, link=link):
                self._on_ready(origin or url, link)
            case Down():
                self._plan_note("Reconnecting\N{HORIZONTAL ELLIPSIS}")
            case Linked(url=link):
                self._page.show(self._url, link)
            case Raise():
                self._page.focus()
            case Launched(arguments=arguments, directory=directory):
                self._page.dispatch_when_loaded("wesktop:launch", {"arguments": arguments, "directory": directory})
            case Asked(number=number, question=question):
                self._ask(number, question, partial(self._send_later, self._server))  # not a later server
            case Withdrawn(number=number):
                self._dialogs.withdraw(number)
            case Navigate(url=url):
                self._page.go(url)
            case End():
                self._lost_server = True
                self._dialogs.withdraw_all()
                self._ended = self._at is not None and self._at.one_shot
                if not self._ended:
                    self._put_away()
            case _:  # Listening: Ready or an end follows; Done: the answer to a request
                pass

    def _ask(self, number: int, question: object, reply: Callable[[Reply], None]) -> None:
        try:
            known = dialog_messages.read(question)
        except ValueError as error:
            text = f"its window is of another release and cannot show this dialog: close and reopen it ({error})."
            reply(Reply(number=number, error=text))
        else:
            self._dialogs.ask(number, known, reply)

    def _put_away(self) -> None:
        """Replace the page: the port is free now, and the page must not talk to another program that takes it."""
        self._note = self._note_due = None
        self._noted = False
        path = self._page.put_away("The server has stopped. Waiting for it to come back\N{HORIZONTAL ELLIPSIS}")
        if self._path is None:  # else the page is away already
            self._path = path

    def _on_ready(self, url: str, link: str | None) -> None:
        self._url = url
        self._note_due = None
        if self._noted:
            self._noted = False
            self._page.clear_note()
        self._lost_server, self._path = False, None
        self._page.show(url, link)

    def _ask_for_link(self) -> None:
        """Request a new login link: that of the page had expired. A new server would send one by itself."""
        self._send_to_server(control_messages.Link(path=self._at.path if self._at else "/"))

    def _send_to_server(self, message: control_messages.Request) -> None:
        """May be called from any thread. Without a connection, the message is dropped."""
        self._send_later(self._server, message)

    def _send_later(
        self, server: Connection | None, message: control_messages.Request, kind: str | None = None
    ) -> None:
        """May be called from any thread; never blocks. kind: a newer message replaces an unsent one of its kind."""
        if server is not None:
            self._unsent.put((server, message), kind)

    def _send(self, unsent: tuple[Connection, control_messages.Request]) -> None:
        server, message = unsent
        with contextlib.suppress(WesktopError):
            server.send(message)

    def _plan_note(self, text: str) -> None:
        self._note = text
        if self._note_due is None:
            self._note_due = time.monotonic() + NOTE_AFTER

    def _show_due_note(self) -> None:
        if self._answer_due is not None and time.monotonic() >= self._answer_due:
            self._answer_due = None
            logger.warning("the server has not answered its window within %g seconds", ANSWERS_WITHIN)
            self._plan_note("The server is not answering. Waiting for it\N{HORIZONTAL ELLIPSIS}")
        if self._note and self._note_due is not None and time.monotonic() >= self._note_due:
            self._page.note(self._note)
            self._note, self._noted = None, True
            self._note_due = None
