"""What the control server needs of the supervisor."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from wesktopd.control.server_connection import ClientConnection
from wesktopd.wire.control_messages import Answer, Done, Happened, Log, Report, Spec
from wesktopd.wire.window_messages import Launch, Show, Vacant


class LoginLinks(Protocol):
    """What lets clients in."""

    def follow(self, path: str) -> tuple[str, Awaitable[str]]:
        """An address that lets one client in; and what waits until it has, or raises. Raises WesktopError."""

    def bearer(self) -> str:
        """The token that lets scripts in. Raises WesktopError where there is no session."""


class Controlled(Protocol):
    """The supervisor, as its control server knows it."""

    @property
    def links(self) -> LoginLinks:
        """What lets clients in."""

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
        """Have the installed release take over; the new supervisor answers."""

    async def launch(self, launch: Launch, window: ClientConnection | None) -> None:
        """Tell the app that it was started again; window: that was opened for it, None for the one in front."""

    async def show(self, show: Show) -> Done | Vacant:
        """Have a window show the app, or tell who asks to open one."""

    async def emit(self, channel: str, event: str, data: str) -> None:
        """Send an event to the pages."""

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
