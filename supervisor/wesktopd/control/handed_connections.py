"""The control socket and its connections, as a supervisor hands them to the next; see `wesktopd.upgrade.messages`."""

import msgspec

from wesktopd.wire.control_messages import Events, Logs
from wesktopd.wire.window_messages import Launched, Navigate


class HandedConnection(msgspec.Struct, kw_only=True):
    """A control connection, for the next supervisor. fd: its number there, see wesktopd.upgrade.messages.

    greeted: whether its client has proved that it may ask, if it has to; awaited: the proof that it was asked for.
    lease, lease_id, path: of the lease that its client holds by it, if it does. dialog: the number of the one that it
    has open as a window. following: the streams that it gets, by the requests' ids.
    upgrades: the requests to which the takeover is the answer.
    heard: what it has asked for and is not begun, and the beginning of its next frame. unsent: what it has not read.
    """

    fd: int
    greeted: bool
    lease: str | None
    lease_id: int
    path: str
    dialog: int | None
    following: list[Logs | Events]
    upgrades: list[int]
    heard: bytes
    unsent: bytes
    awaited: str | None = None

    def __repr__(self) -> str:
        return f"HandedConnection(fd={self.fd}, ...)"


class HandedControl(msgspec.Struct, kw_only=True):
    """The control socket and its connections, for the next supervisor.

    listener: its number, see wesktopd.upgrade.messages.
    kept: what waits for the next window.
    """

    listener: int | None
    secret: str | None
    connections: list[HandedConnection]
    kept: list[tuple[float, Launched | Navigate]]

    def __repr__(self) -> str:
        return f"HandedControl(listener={self.listener}, ...)"
