"""The window and supervisor processes of one `run()` call."""

import contextlib
import selectors
import subprocess
from dataclasses import replace
from typing import Literal

from wesktop.single_instance import claim_window
from wesktop.window.opening.process_end import window_error
from wesktop.window.spec import Attached, Closed, NotOpened, Opened, ServerAddress, WindowSpec, further
from wesktopd import client
from wesktopd.client import Turn
from wesktopd.control.connection import Connection
from wesktopd.errors import (
    AlreadyRunningError,
    ConfigurationError,
    NotRunningError,
    StartupError,
    WesktopError,
    WindowError,
    from_wire,
)
from wesktopd.instance.own_host import host_in, own_host
from wesktopd.paths import AppPaths
from wesktopd.spec import AppSpec
from wesktopd.system import ChildProcess, start_child
from wesktopd.wire import control_messages, window_messages
from wesktopd.wire.control_messages import MAX_FRAME, Answer, End, Failed, Listening, Moved, Others, Ready, Stop
from wesktopd.wire.lines import LineReader
from wesktopd.wire.worker_messages import StartRequest, decode, encode

WINDOW_CLOSE_TIMEOUT = 2.0  # seconds until a window that does not close is killed
STOP_MARGIN = 2.0  # seconds beyond the drain timeout until a supervisor that does not end is killed
SILENCE_WARNING = 10.0  # seconds after which a supervisor that has sent nothing yet is warned about
EXIT_TIMEOUT = 2.0  # seconds for a supervisor to exit after its connection has ended
STEP = 0.5  # seconds: a standstill of the machine uses up at most so much of these


def show(window: ChildProcess, spec: AppSpec, look: WindowSpec, this: StartRequest) -> None:
    """Show the app in a window until that is closed; or leave it to the window that it has. window: a process for it.

    Raises what `Session.wait` and `claim_window` raise.
    """
    process: ChildProcess | None = window
    shares = False
    while (target := claim_window(spec, this, shares=shares)) is not None:
        turn = target if isinstance(target, Turn) else None
        with turn or contextlib.nullcontext(), process or start_child("wesktop.window") as used:
            try:
                with Session(used, spec, look, turn, this) as held:
                    held.wait()
                    return
            except AlreadyRunningError:  # another start was quicker, as by a double click: the two have one window
                shares = True
            except NotRunningError:  # the server has ended before it had this window
                shares = False
        process = None


class Session:
    """The window and supervisor processes of one `run()` call. turn: to open a window on a server that runs already.

    Both end with the session, except for a server that is kept alive and whose window had opened. Each is watched by
    the channel that joins it to this process; the channel's end shows that it is gone.
    """

    def __init__(
        self, window: ChildProcess, spec: AppSpec, look: WindowSpec, turn: Turn | None, this: StartRequest
    ) -> None:
        self._spec = spec
        self._window = window
        self._supervisor: ChildProcess | None = None
        self._server: Connection | None = None
        self._turn = turn.connection if turn is not None else None
        self._one_shot = spec.one_shot if turn is None else turn.one_shot
        self._opened = False
        self._attached = False
        self._was_closed = False
        self._closed = False
        self._window_error: WindowError | None = None
        self._others = 0
        self._ended = False
        self._lines = LineReader(MAX_FRAME)
        if turn is None:
            window.send(encode(replace(look, own_host=own_host(spec.name))))
            self._pass_on(this)
            self._supervisor = start_child("wesktopd")
            self._supervisor.send(control_messages.encode(spec))
            self._server = Connection(self._supervisor.channel)
        else:
            if turn.windows:
                look = further(look)
            look = replace(look, own_host=host_in(turn.origin or ""))
            if turn.ready is not None:
                look = replace(look, url=turn.ready.origin or turn.ready.url, link=turn.ready.link)
            window.send(encode(look))
            self._pass_on(this)
            self._send_address()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        """Block until the window is closed or the server has ended; or the last window, if the server ends with that.

        Raises what kept either from starting, and WindowError if the window ended without being closed.
        """
        self._follow()
        if self._window_error is not None:
            raise self._window_error

    def _follow(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._window.channel, selectors.EVENT_READ)
            if self._server is not None:
                selector.register(self._server, selectors.EVENT_READ)
            if self._turn is not None:
                selector.register(self._turn, selectors.EVENT_READ)
            patience = None if self._server is None else SILENCE_WARNING
            while True:
                ready = {key.fileobj for key, _ in selector.select(patience)}
                if not ready:
                    self._log(
                        "warning", "the server of %r has sent nothing for %g seconds: is it suspended?", patience
                    )
                patience = patience if ready and self._server not in ready else None
                if self._turn is not None and self._turn in ready:
                    self._check_not_ended(self._turn)
                if self._server is not None and self._server in ready and not self._read_server(self._server):
                    return
                if self._window.channel in ready and not self._read_window():
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
        """Return whether our server has other windows, with the last of which it ends."""
        return self._server is not None and self._one_shot and self._others > 0

    def _read_server(self, server: Connection) -> bool:
        for event in server.pending():
            if event is None:
                self._server_died()
                return False
            if isinstance(event, End):
                self._ended = True
                return False
            self._on_event(event)
        return True

    def _check_not_ended(self, turn: Connection) -> None:
        """Raise NotRunningError if the server that ran already ends before the window is attached."""
        for event in turn.pending():
            if event is None or isinstance(event, End):
                raise NotRunningError(f"{self._spec.name!r} was stopped while its window was opened.")

    def _on_event(self, event: Answer) -> None:
        if isinstance(event, Failed):
            raise from_wire(event.error, event.message, event.log_tail)
        if isinstance(event, Listening):
            self._send_address()
        if isinstance(event, Ready):
            self._send_address(event.origin or event.url, event.link)
        if isinstance(event, Others):
            self._others = event.count
        if isinstance(event, Moved) and self._supervisor is not None:
            self._supervisor = self._supervisor.replaced(event.pid)

    def _server_died(self) -> None:
        assert self._supervisor is not None
        code = _wait(self._supervisor, EXIT_TIMEOUT)
        how = "has closed its connection" if code is None else self._supervisor.describe_end()
        if not self._opened:
            raise StartupError(f"the server of {self._spec.name!r} {how} before it was ready.")
        self._log("error", "the server of %r %s unexpectedly: its window is closed", how)

    def _send_address(self, url: str | None = None, link: str | None = None) -> None:
        name = self._spec.name
        at = ServerAddress(socket=str(AppPaths(name).control), name=name, url=url, link=link, one_shot=self._one_shot)
        self._window.send(encode(at))

    def _read_window(self) -> bool:
        try:
            data = self._window.channel.recv(64 * 1024)
        except OSError:
            data = b""
        if not data:
            self._on_window_end()
            return False
        for line in self._lines.feed(data):
            message = decode(line, Opened, NotOpened, Attached, Closed)
            if isinstance(message, NotOpened):
                raise from_wire(message.error, message.message)
            self._opened |= isinstance(message, Opened)
            self._attached |= isinstance(message, Attached)
            self._was_closed |= isinstance(message, Closed)
        return True

    def _pass_on(self, this: StartRequest) -> None:
        """Pass on the arguments of this start: by the window, so that the server knows the window they are for."""
        if not this.arguments:
            return
        try:
            control_messages.check_passed_on(
                window_messages.Launch(arguments=this.arguments, directory=this.directory)
            )
        except ConfigurationError as error:
            self._log("warning", "%r does not get its arguments: %s", error)
        else:
            self._window.send(encode(this))

    def _on_window_end(self) -> None:
        """Determine which error the end of the window means, if any, see `wesktop.window.opening.process_end`."""
        code = self._wait_or_kill(self._window, WINDOW_CLOSE_TIMEOUT, "the window") or 0
        if not self._was_closed:
            self._window_error = window_error(code, opened=self._opened)
        if self._window_error is None or self._opened:
            return
        if self._supervisor is None and _has_ended(self._spec.name):
            raise NotRunningError(f"{self._spec.name!r} was stopped while its window was opened.")
        raise self._window_error

    def _log(self, level: Literal["warning", "error"], text: str, *values: object) -> None:
        """Log a message whose first value is the app's name."""
        import logging  # late: the window waits for this module

        getattr(logging.getLogger("wesktop"), level)(text, self._spec.name, *values)

    def close(self) -> None:
        """Close the window, end the server, and wait until both are gone; a second Ctrl-C ends them immediately."""
        try:
            self._window.channel.close()
            if self._opened and not self._spec.one_shot and not self._ended:
                self._detach_server()
            elif self._server is not None:
                with contextlib.suppress(WesktopError):
                    self._server.send(Stop())
            self._wait_or_kill(self._window, WINDOW_CLOSE_TIMEOUT, "the window")
        except BaseException:
            if self._supervisor is not None:
                self._supervisor.kill()
            raise
        finally:
            self._window.kill()
            if self._supervisor is not None:
                self._finish(self._supervisor)

    def _detach_server(self) -> None:
        """Leave the server running: it sees the end of our lease."""
        if self._supervisor is not None:
            self._supervisor.leave()
        self._server = self._supervisor = None

    def _finish(self, supervisor: ChildProcess) -> None:
        try:
            self._wait_or_kill(supervisor, self._spec.drain_timeout + STOP_MARGIN, "the server")
        finally:
            supervisor.kill()
            supervisor.channel.close()
            client.clean_up(self._spec.name, self._spec.pid_path, supervisor.process.pid)

    def _wait_or_kill(self, launched: ChildProcess, seconds: float, what: str) -> int | None:
        """Wait for its end; return its exit code, None if it had to be killed."""
        code = _wait(launched, seconds)
        if code is None:
            self._log("warning", "%r: %s did not end within %g seconds and is killed", what, seconds)
            launched.kill()
        return code


def _has_ended(name: str) -> bool:
    """Return whether the app is ending, or has ended."""
    try:
        report = client.report(name)
    except NotRunningError:
        return True
    return report is not None and report.stopping


def _wait(launched: ChildProcess, seconds: float) -> int | None:
    """Return the exit code; None if the process has not ended after so many seconds in which this one could run."""
    while seconds > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return launched.process.wait(min(seconds, STEP))
        seconds -= STEP
    return None
