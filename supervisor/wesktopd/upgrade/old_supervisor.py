"""An upgrade, as the supervisor sees it whose place is taken: it stays until its successor serves.

The successor is the release of wesktop that is installed now, in a process of its own, see wesktopd.upgrade.messages.
Windows, pages and whoever else is connected notice nothing, but that a dialog closes which is open at the handover.
Whatever fails before the successor has taken over ends the successor, and changes nothing else.
"""

import asyncio
import os
import socket
import subprocess
from typing import TYPE_CHECKING

from wesktopd.app.presence import Presence
from wesktopd.errors import ControlError, WesktopError, from_wire
from wesktopd.logs.history import Kind
from wesktopd.system.children import Launched, launch
from wesktopd.system.service_manager import is_watched, notify
from wesktopd.upgrade import messages
from wesktopd.upgrade.messages import STANDARD_OUTPUTS, Beginning, Begun, Confirmed, Handover, Prepared, Taken
from wesktopd.upgrade.new_supervisor import connect, resume
from wesktopd.upgrade.predecessor_link import hear
from wesktopd.upgrade.retirement import Retirement
from wesktopd.wire.control_messages import Failed, failure
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message

if TYPE_CHECKING:
    from wesktopd.daemon.supervisor import Supervisor

SUCCESSOR = "wesktopd.successor"  # the module that takes over
LOAD_TIMEOUT = 30.0  # seconds that the installed release has to load in, beyond those that the app may take
TAKE_TIMEOUT = 10.0  # seconds to take over in: nobody is answered meanwhile
TURNS = 5  # of the loop, until a connection that was accepted is known


class Upgrade:
    """Starts the successor of a supervisor, and gives it all that the supervisor has."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._supervisor = supervisor
        self._loop = asyncio.get_running_loop()
        self._successor: Launched | None = None
        self._lines = LineReader(messages.MAX_LINE)
        self._copies: list[int] = []  # of the descriptors that go over
        self._numbers: dict[int, int] = {}  # by descriptor, which of them is its copy
        self._lock: int | None = None
        self._foreground: int | None = None
        self._relayed: socket.socket | None = None

    async def prepare(self) -> None:
        """Start the successor, and wait until its workers are ready. Raises WesktopError, and then it has ended."""
        seconds = LOAD_TIMEOUT + self._supervisor.spec.start_timeout
        try:
            # Its stderr is ours as soon as it has loaded: what keeps it from that is to be told.
            self._successor = launch(SUCCESSOR, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            async with asyncio.timeout(seconds):
                await self._tell_beginning()
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
        supervisor, message = self._supervisor, None
        if supervisor.presence is not None:
            await supervisor.presence.leave()
        try:
            await self._pause()
            if not supervisor.pool.running:  # those who are connected were heard until now
                raise supervisor.commands.is_stopping()
            message = self._capture()
            supervisor.retirement = retirement = Retirement(supervisor)
            supervisor.record.heir = retirement.heir
            async with asyncio.timeout(TAKE_TIMEOUT):
                await self._send(message, self._copies)
                await self._expect(Taken)
            self._channel.sendall(messages.encode(Confirmed()))
            await self._expect(Begun)  # without a deadline: unless it has ended, it goes on
        except Exception as error:
            self.give_up()
            if isinstance(error, TimeoutError):
                error = ControlError(f"the installed release of wesktop did not take over within {TAKE_TIMEOUT:g} s.")
            elif not isinstance(error, WesktopError):
                error = ControlError(f"the installed release of wesktop did not take over: {error}.")
            await self._take_back(message, error)
            raise error from None
        self._close_copies()
        assert self._successor is not None
        notify(f"MAINPID={self._successor.process.pid}")
        if supervisor.foreground is not None:
            supervisor.foreground.leave()
            supervisor.foreground = None
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

    async def _tell_beginning(self) -> None:
        supervisor, instance = self._supervisor, self._supervisor.instance
        twin = instance.port.twin
        beginning = Beginning(
            spec=supervisor.spec,
            started=supervisor.started,
            log_level=supervisor.log_level,
            latest=supervisor.pool.latest,
            wanted=supervisor.pool.wanted,
            access=instance.access,
            socket_stays=instance.socket_stays,
            has_twin=twin is not None,
        )
        sockets = [instance.listener.fileno(), *STANDARD_OUTPUTS, *([] if twin is None else [twin.fileno()])]
        await self._send(beginning, sockets)

    async def _send(self, message: Message, descriptors: list[int]) -> None:
        # In a thread: events that are kept may be many MiB, and the successor slow.
        self._channel.settimeout(TAKE_TIMEOUT)
        await asyncio.to_thread(messages.send, self._channel, message, descriptors)
        self._channel.setblocking(False)

    async def _expect(self, kind: type[Message]) -> None:
        """Wait for this message. Raises what the successor reports instead, or ControlError at its end."""
        while True:
            for line in self._lines.feed():
                said = messages.decode(line)
                if isinstance(said, Failed):
                    raise from_wire(said.error, said.message, said.log_tail)
                if isinstance(said, kind):
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
        said = (process.stderr.read() or b"").decode(errors="replace").strip()
        reason = said.rpartition("\n")[2] or f"exit code {code}"
        return ControlError(f"the installed release of wesktop has ended before it took over: {reason}.")

    # What is handed over, and taken back.

    async def _pause(self) -> None:
        """Accept nobody more, and copy all descriptors that go over: there may be none left. Raises OSError."""
        supervisor = self._supervisor
        supervisor.control.pause()
        supervisor.bus.pause()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        clients = [each.socket for each in supervisor.control.connections if each.can_be_handed_over]
        for each in (*clients, supervisor.control.listener, supervisor.bus.listener):
            if each is not None:
                self._copy(each.fileno())
        self._lock = self._copy_lock()
        self._foreground = self._copy_foreground()

    def _copy(self, fd: int) -> int:
        """The number by which a descriptor goes over."""
        if fd not in self._numbers:
            self._copies.append(os.dup(fd))
            self._numbers[fd] = len(self._copies) - 1
        return self._numbers[fd]

    def _capture(self) -> Handover:
        supervisor = self._supervisor
        supervisor.note(Kind.UPGRADED, "handing over to the installed release")
        return Handover(
            config_file=supervisor.config_file,
            lock=self._lock,
            foreground=self._foreground,
            control=supervisor.control.hand_over(self._copy),
            bus=supervisor.bus.hand_over(self._copy),
            lines=supervisor.output.journal.state(),
            begun=supervisor.output.journal.take_begun(),
            launches=supervisor.manager.unheard(),
            events=[*supervisor.record.events.kept],
            tokens=supervisor.commands.links.tokens.state(),
        )

    def _copy_lock(self) -> int | None:
        lock = self._supervisor.instance.lock
        return None if lock is None or lock.fd is None else self._copy(lock.fd)

    def _copy_foreground(self) -> int | None:
        supervisor = self._supervisor
        if supervisor.foreground is not None:
            return self._copy(supervisor.foreground.fileno())
        if not supervisor.is_waited_for or is_watched():
            return None
        self._relayed, theirs = socket.socketpair()
        with theirs:
            return self._copy(theirs.fileno())

    async def _take_back(self, message: Handover | None, why: WesktopError) -> None:
        """Go on as before, and do what was not done meanwhile. message: None where nothing was handed over yet."""
        supervisor = self._supervisor
        if message is not None:
            await connect(supervisor, message, self._socket, back=True)
            supervisor.manager.hear_of(message.launches)
            for pid, stream, begun in message.begun:
                supervisor.output.journal.feed(pid, stream, begun)
        heir, supervisor.record.heir, supervisor.retirement = supervisor.record.heir, None, None
        if heir is not None:  # before anything else happens
            for each in heir.kept:
                hear(supervisor, each, heir.answer)
        supervisor.output.journal.all_ended_but({process.pid for process in supervisor.manager.processes.values()})
        self._close_copies()
        if self._relayed is not None:
            self._relayed.close()
        await resume(supervisor)
        supervisor.control.answer_upgrades(failure(why))
        if supervisor.instance.paths is not None:
            supervisor.presence = Presence(supervisor)

    def _socket(self, number: int) -> socket.socket:
        fd, self._copies[number] = self._copies[number], -1
        return socket.socket(fileno=fd)

    def _close_copies(self) -> None:
        for fd in self._copies:
            if fd >= 0:
                os.close(fd)
        self._copies.clear()
