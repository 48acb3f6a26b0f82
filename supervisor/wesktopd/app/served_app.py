"""One served app as the supervisor holds it: its parts, and what is known of it. No loop, no decisions."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wesktopd.app.foreground import Foreground
from wesktopd.app.idle_clock import IdleClock
from wesktopd.app.presence import Presence
from wesktopd.app.startup_warnings import StartupWarnings
from wesktopd.bus.event_bus import Bus
from wesktopd.control.login_links import LoginLinks, check_link_path
from wesktopd.control.server import ControlServer
from wesktopd.errors import NotRunningError, WesktopError
from wesktopd.instance.instance import Instance
from wesktopd.logs.output_router import OutputRouter
from wesktopd.logs.record import Record
from wesktopd.spec import AppSpec
from wesktopd.system import Stoppable
from wesktopd.wire.window_messages import Navigate
from wesktopd.workers.manager import WorkerManager
from wesktopd.workers.pool import WorkerPool


class Successor(Protocol):
    """The supervisor that takes the place of this one: it answers what this one's workers still ask for."""

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """Answer whether a one-time token lets its bearer in."""

    def go_to(self, path: str) -> None:
        """Have the app's window show another page."""


@dataclass(eq=False, kw_only=True)
class ServedApp:
    """Everything that serves one app.

    wake: has the supervisor's loop look again, after a change. supervisor: ends the app.
    owns_process: the process exists for the supervisor alone, so another process may take its place.
    is_waited_for: somebody waits for the end of this process, as a shell does.
    log_level: the lowest level at which the supervisor's own lines are shown.
    foreground: the channel to the process that is waited for instead, after an upgrade. presence: None while another
    supervisor has the app's name, or where there are no files to keep. successor: see Successor; None before one is
    there.

    started: in seconds since the epoch. release: "" before the app serves. config_file: None unless it was written.
    trouble: why the last restart (then restart_failed), or the last start of a worker, failed.
    failure: what ended the app, if it did not end as asked.
    """

    instance: Instance
    pool: WorkerPool
    bus: Bus
    control: ControlServer
    output: OutputRouter
    record: Record
    manager: WorkerManager
    links: LoginLinks
    warnings: StartupWarnings
    idle: IdleClock

    wake: Callable[[], None]
    supervisor: Stoppable

    owns_process: bool
    is_waited_for: bool
    log_level: int
    foreground: Foreground | None = None
    presence: Presence | None = None
    successor: Successor | None = None

    started: float = field(default_factory=time.time)
    release: str = ""
    config_file: str | None = None
    trouble: WesktopError | None = None
    restart_failed: bool = False
    failure: WesktopError | None = None

    @property
    def spec(self) -> AppSpec:
        """The app's options."""
        return self.instance.spec

    def stopping_error(self) -> WesktopError:
        """Return the error for requests that the end of the app leaves undone."""
        return NotRunningError(f"{self.spec.name!r} is stopping.")

    # What workers ask for.

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """Answer whether a one-time token, which a client has presented to a worker, lets it in."""
        if self.successor is not None:
            self.successor.redeem(token, answer)
        else:
            answer(self.links.redeem(token))

    def go_to(self, path: str) -> None:
        """Have the window in front show another page, as the app's function for second starts wants it."""
        if self.successor is not None:
            self.successor.go_to(path)
            return
        try:
            check_link_path(path)
        except WesktopError as error:
            text = f"what {self.spec.second_launch!r} returned is refused: {error.message}"
            self.record.say(logging.ERROR, text)
        else:
            self.control.windows.show(lambda: Navigate(url=self.links.make(path)))
