"""What `run()` holds while it blocks: the supervisor's process and the window's."""

import contextlib
import selectors
import signal
import subprocess
from dataclasses import replace

from wesktop.single_instance import Place, find_place
from wesktop.window.spec import Attachable, Attached, NotOpened, Opened, WindowSpec, further
from wesktopd import client, protocol, window_protocol
from wesktopd.channel import Launch, decode, encode
from wesktopd.connection import Connection
from wesktopd.errors import (
    AlreadyRunningError,
    ConfigurationError,
    NotRunningError,
    StartupError,
    WesktopError,
    WindowError,
    from_wire,
)
from wesktopd.launch import Launched, launch
from wesktopd.lines import LineReader
from wesktopd.paths import AppPaths
from wesktopd.protocol import MAX_FRAME, Answer, End, Failed, Listening, Others, Ready, Stop
from wesktopd.spec import AppSpec

WINDOW_CLOSES_WITHIN = 2.0  # seconds until a window that does not close is killed
STOP_MARGIN = 2.0  # seconds beyond the drain timeout until a supervisor that does not end is killed


def show(window: Launched, spec: AppSpec, look: WindowSpec, this: Launch) -> None:
    """Show the app in a window, by this process for one, until that is closed; or leave it to the window that it has.

    Raises what `Session.wait` and `find_place` raise.
    """
    process: Launched | None = window
    lost: AlreadyRunningError | None = None
    while (place := find_place(spec, this, lost)) is not None:
        try:
            with place, process or launch("wesktop.window") as used, Session(used, spec, look, place, this) as held:
                held.wait()
                return
        except AlreadyRunningError as error:  # another start was quicker: its window is the one to see
            lost = error
        except NotRunningError:  # the server has ended before it had this window
            lost = None
        process = None


class Session:
    """Tells a window's process what to show and, unless it is `running` already, starts the server; ends both at its
    end, but for a server that is to be kept alive, and whose window had opened.

    Each is watched by the channel that joins it to this process, whose end says that it is gone.
    """

    def __init__(self, window: Launched, spec: AppSpec, look: WindowSpec, place: Place, this: Launch) -> None:
        running = place.running
        self._spec = spec
        self._window = window
        self._supervisor: Launched | None = None
        self._server: Connection | None = None
        self._turn = place.turn
        self._one_shot = spec.one_shot if running is None else running.one_shot
        self._opened = False
        self._attached = False
        self._closed = False
        self._others = 0
        self._ended = False
        self._lines = LineReader(MAX_FRAME)
        if running is None:
            window.tell(encode(look))
            self._hand_over(this)
            self._supervisor = launch("wesktopd")
            self._supervisor.tell(protocol.encode(spec))
            self._server = Connection(self._supervisor.channel)
        else:
            if running.windows:
                look = further(look)
            if any(worker.state == "ready" for worker in running.workers):
                look = replace(look, url=running.url, link=client.link(spec.name))
            window.tell(encode(look))
            self._hand_over(this)
            self._let_attach()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        """Block until the window is closed or the server has ended; until the last window is, where that ends the
        server. Raises what kept either from starting.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._window.channel, selectors.EVENT_READ)
            if self._server is not None:
                selector.register(self._server, selectors.EVENT_READ)
            if self._turn is not None:
                selector.register(self._turn, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._turn is not None and self._turn in ready:
                    self._check_goes_on(self._turn)
                if self._server is not None and self._server in ready and not self._hear_server(self._server):
                    return
                if self._window.channel in ready and not self._hear_window():
                    selector.unregister(self._window.channel)
                    self._closed = True
                if self._attached and self._turn is not None:
                    selector.unregister(self._turn)
                    self._turn.close()
                    self._turn = None
                if self._closed and not self._others_need_it:
                    return

    @property
    def _others_need_it(self) -> bool:
        """Whether our server has other windows, with the last of which it is to end."""
        return self._server is not None and self._one_shot and self._others > 0

    def _hear_server(self, server: Connection) -> bool:
        for event in server.pending():
            if event is None:
                self._server_died()
                return False
            if isinstance(event, End):
                self._ended = True
                return False
            self._on_event(event)
        return True

    def _check_goes_on(self, turn: Connection) -> None:
        """Whether the server that was there before is there for the window that is to attach."""
        for event in turn.pending():
            if event is None or isinstance(event, End):
                raise NotRunningError(f"{self._spec.name!r} was stopped while its window was opened.")

    def _on_event(self, event: Answer) -> None:
        if isinstance(event, Failed):
            raise from_wire(event.error, event.message, event.log_tail)
        if isinstance(event, Listening):
            self._let_attach()
        if isinstance(event, Ready):
            self._let_attach(event.url, event.link)
        if isinstance(event, Others):
            self._others = event.count

    def _server_died(self) -> None:
        assert self._supervisor is not None
        code = self._supervisor.process.wait()
        if not self._opened:
            raise StartupError(f"the server of {self._spec.name!r} ended before it was ready (exit code {code}).")
        import logging  # late: the window waits for this module

        logging.getLogger("wesktop").error(
            "the server of %r ended unasked (exit code %d): its window is closed", self._spec.name, code
        )

    def _let_attach(self, url: str | None = None, link: str | None = None) -> None:
        name = self._spec.name
        at = Attachable(socket=str(AppPaths(name).control), name=name, url=url, link=link, one_shot=self._one_shot)
        self._window.tell(encode(at))

    def _hear_window(self) -> bool:
        try:
            data = self._window.channel.recv(64 * 1024)
        except OSError:
            data = b""
        if not data:
            self._check_window_opened()
            return False
        for line in self._lines.feed(data):
            message = decode(line, Opened, NotOpened, Attached)
            if isinstance(message, NotOpened):
                raise from_wire(message.error, message.message)
            self._opened |= isinstance(message, Opened)
            self._attached |= isinstance(message, Attached)
        return True

    def _hand_over(self, this: Launch) -> None:
        """A launch that opens a window has arguments too. The window tells the server, which so knows for which."""
        if not this.arguments:
            return
        try:
            protocol.check_passed_on(window_protocol.Launch(arguments=this.arguments, directory=this.directory))
        except ConfigurationError as error:
            import logging  # late: the window waits for this module

            logging.getLogger("wesktop").warning("%r is not told of its arguments: %s", self._spec.name, error)
        else:
            self._window.tell(encode(this))

    def _check_window_opened(self) -> None:
        code = self._window.process.wait()
        if not self._opened and code not in (0, -signal.SIGKILL, -signal.SIGTERM):
            raise WindowError(f"the window's process ended with exit code {code} before it had opened a window.")

    def close(self) -> None:
        """Close the window and end the server, and wait until both are gone; a second Ctrl-C ends them at once."""
        try:
            self._window.channel.close()
            if self._opened and not self._spec.one_shot and not self._ended:
                self._let_go()
            elif self._server is not None:
                with contextlib.suppress(WesktopError):
                    self._server.send(Stop())
            _wait_or_kill(self._window, WINDOW_CLOSES_WITHIN)
        except BaseException:
            if self._supervisor is not None:
                self._supervisor.kill()
            raise
        finally:
            self._window.kill()
            if self._supervisor is not None:
                self._finish(self._supervisor)

    def _let_go(self) -> None:
        """Leave the server to itself: it learns of that by the end of our lease."""
        if self._supervisor is not None:
            self._supervisor.leave()
        self._server = self._supervisor = None

    def _finish(self, supervisor: Launched) -> None:
        try:
            _wait_or_kill(supervisor, self._spec.drain_timeout + STOP_MARGIN)
        finally:
            supervisor.kill()
            supervisor.channel.close()
            client.clean_up(self._spec.name, self._spec.pid_path, supervisor.process.pid)


def _wait_or_kill(launched: Launched, seconds: float) -> None:
    try:
        launched.process.wait(seconds)
    except subprocess.TimeoutExpired:
        launched.kill()
