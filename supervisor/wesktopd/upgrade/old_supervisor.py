"""An upgrade, in the old supervisor: it stays until its successor serves.

The successor is the release of wesktop that is installed now, in a process of its own, see wesktopd.upgrade.messages.
Windows, pages and other clients notice nothing, except that a dialog closes that is open at the handover. A failure
before the successor has taken over ends the successor, and changes nothing else.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import Callable

from wesktopd.app.served_app import ServedApp
from wesktopd.errors import ControlError, WesktopError, from_wire
from wesktopd.logs.history import HistoryKind
from wesktopd.system import ChildProcess, service_manager, start_child
from wesktopd.upgrade import messages
from wesktopd.upgrade.messages import STANDARD_OUTPUTS, Beginning, Begun, Confirmed, Handover, Prepared, Taken
from wesktopd.upgrade.new_supervisor import connect, resume
from wesktopd.upgrade.predecessor_link import deliver
from wesktopd.upgrade.retirement import Retirement
from wesktopd.wire.control_messages import Failed, failure
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message

SUCCESSOR = "wesktopd.successor"  # the module that takes over
LOAD_TIMEOUT = 30.0  # seconds that the installed release has to load in, beyond those that the app may take
TAKE_TIMEOUT = 10.0  # seconds to take over in, during which no client is answered
TURNS = 5  # of the loop, until a connection that was accepted is known


class Upgrade:
    """One attempt to start a successor, and to hand over to it.

    set_retirement: receives the retirement that begins with the handover, and None if the attempt fails after that.
    """

    def __init__(self, app: ServedApp, set_retirement: Callable[[Retirement | None], None]) -> None:
        self._app = app
        self._set_retirement = set_retirement
        self._loop = asyncio.get_running_loop()
        self._successor: ChildProcess | None = None
        self._lines = LineReader(messages.MAX_LINE)
        self._copies: list[int] = []  # of the descriptors that are handed over
        self._numbers: dict[int, int] = {}  # of the copies, by descriptor
        self._lock: int | None = None
        self._foreground: int | None = None
        self._relayed: socket.socket | None = None

    async def prepare(self) -> None:
        """Start the successor, and wait until its workers are ready. Raises WesktopError, and then it has ended."""
        seconds = LOAD_TIMEOUT + self._app.spec.start_timeout
        try:
            # It takes over our stderr once it has loaded; until then, errors appear in this pipe.
            self._successor = start_child(SUCCESSOR, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            async with asyncio.timeout(seconds):
                await self._send_beginning()
                await self._expect(Prepared)
        except BaseException as error:
            self.give_up()
            if isinstance(error, TimeoutError):
                raise ControlError(f"the installed release of wesktop is not ready within {seconds:g} s.") from None
            if isinstance(error, OSError):
                raise ControlError(f"the installed release of wesktop cannot be started: {error}.") from None
            raise

    async def hand_over(self) -> None:
        """Make the successor the supervisor. Raises WesktopError, and then it has ended, and this one goes on."""
        app, message = self._app, None
        if app.presence is not None:
            await app.presence.pause()
        retirement = Retirement(app)
        try:
            await self._pause()
            if not app.pool.running:  # connected clients have been served until now
                raise app.stopping_error()
            message = self._capture()
            self._set_retirement(retirement)
            app.successor = app.record.successor = retirement.successor
            async with asyncio.timeout(TAKE_TIMEOUT):
                await self._send(message, self._copies)
                await self._expect(Taken)
            with contextlib.suppress(ConnectionError):  # likewise
                self._channel.sendall(messages.encode(Confirmed()))
            await self._expect(Begun)  # without a deadline: unless it has ended, it goes on
        except Exception as error:
            self.give_up()
            if isinstance(error, TimeoutError):
                error = ControlError(f"the installed release of wesktop did not take over within {TAKE_TIMEOUT:g} s.")
            elif not isinstance(error, WesktopError):
                error = ControlError(f"the installed release of wesktop did not take over: {error}.")
            await self._take_back(message, retirement, error)
            raise error from None
        self._close_copies()
        assert self._successor is not None
        service_manager.notify(f"MAINPID={self._successor.process.pid}")
        if app.foreground is not None:
            app.foreground.detach()
            app.foreground = None
        await retirement.begin(self._successor, self._relayed)

    def give_up(self) -> None:
        """End the successor, if there is one."""
        if self._successor is not None:
            self._successor.abandon()
            self._successor = None

    @property
    def _channel(self) -> socket.socket:
        assert self._successor is not None
        return self._successor.channel

    async def _send_beginning(self) -> None:
        app, instance = self._app, self._app.instance
        twin = instance.port.twin
        beginning = Beginning(
            spec=app.spec,
            started=app.started,
            log_level=app.log_level,
            latest=app.pool.latest,
            wanted=app.pool.wanted,
            access=instance.secrets,
            socket_stays=instance.socket_stays,
            has_twin=twin is not None,
        )
        sockets = [instance.listener.fileno(), *STANDARD_OUTPUTS, *([] if twin is None else [twin.fileno()])]
        await self._send(beginning, sockets)

    async def _send(self, message: Message, descriptors: list[int]) -> None:
        # In a thread: events that are kept may be many MiB, and the successor slow.
        self._channel.settimeout(TAKE_TIMEOUT)
        with contextlib.suppress(ConnectionError):  # it has ended: `_expect` raises why
            await asyncio.to_thread(messages.send, self._channel, message, descriptors)
        self._channel.setblocking(False)

    async def _expect(self, kind: type[Message]) -> None:
        """Wait for this message. Raises what the successor reports instead, or ControlError at its end."""
        while True:
            for line in self._lines.feed():
                message = messages.decode(line)
                if isinstance(message, Failed):
                    raise from_wire(message.error, message.message, message.log_tail)
                if isinstance(message, kind):
                    return
            try:
                data = await self._loop.sock_recv(self._channel, messages.READ_SIZE)
            except ConnectionError:  # it has left something unread
                data = b""
            if not data:
                raise self._ended()
            self._lines.feed(data)

    def _ended(self) -> WesktopError:
        assert self._successor is not None
        process = self._successor.process
        code = process.wait()
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)  # what it has started may hold the pipe
        printed = (process.stderr.read() or b"").decode(errors="replace").strip()
        reason = printed.rpartition("\n")[2] or f"exit code {code}"
        return ControlError(f"the installed release of wesktop has ended before it took over: {reason}.")

    # What is handed over, and taken back.

    async def _pause(self) -> None:
        """Stop accepting, and copy all descriptors that are handed over: there may be none left. Raises OSError."""
        app = self._app
        app.control.pause()
        app.bus.pause()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for each in (*app.control.sockets, *app.bus.sockets):
            self._copy(each.fileno())
        self._lock = self._copy_lock()
        self._foreground = self._copy_foreground()

    def _copy(self, fd: int) -> int:
        """Return the number by which a descriptor is handed over."""
        if fd not in self._numbers:
            self._copies.append(os.dup(fd))
            self._numbers[fd] = len(self._copies) - 1
        return self._numbers[fd]

    def _capture(self) -> Handover:
        app = self._app
        app.record.note(HistoryKind.UPGRADED, "handing over to the installed release")
        return Handover(
            config_file=app.config_file,
            lock=self._lock,
            foreground=self._foreground,
            control=app.control.hand_over(self._copy),
            bus=app.bus.hand_over(self._copy),
            lines=app.output.journal.state(),
            begun=app.output.journal.take_begun(),
            launches=app.manager.take_unsent(),
            events=[*app.record.history.kept],
            tokens=app.links.tokens.state(),
        )

    def _copy_lock(self) -> int | None:
        lock = self._app.instance.lock
        return None if lock is None or lock.fd is None else self._copy(lock.fd)

    def _copy_foreground(self) -> int | None:
        if self._app.foreground is not None:
            return self._copy(self._app.foreground.fileno())
        if not self._app.is_waited_for or service_manager.is_watched():
            return None
        self._relayed, theirs = socket.socketpair()
        with theirs:
            return self._copy(theirs.fileno())

    async def _take_back(self, message: Handover | None, retirement: Retirement, why: WesktopError) -> None:
        """Go on as before, and do what was left undone. message: None if nothing was handed over yet."""
        app = self._app
        if message is not None:
            await connect(app, message, self._socket, back=True)
            app.manager.deliver(message.launches)
            app.output.journal.restore_begun(message.begun)
        app.successor = app.record.successor = None
        self._set_retirement(None)
        for each in retirement.successor.kept:  # before anything else happens
            deliver(app, each, retirement.successor.answer)
        app.output.journal.all_ended_but(app.manager.pids)
        self._close_copies()
        if self._relayed is not None:
            self._relayed.close()
        await resume(app)
        app.control.answer_upgrades(failure(why))
        if app.presence is not None:
            app.presence.resume()

    def _socket(self, number: int) -> socket.socket:
        fd, self._copies[number] = self._copies[number], -1
        return socket.socket(fileno=fd)

    def _close_copies(self) -> None:
        for fd in self._copies:
            if fd >= 0:
                os.close(fd)
        self._copies.clear()
