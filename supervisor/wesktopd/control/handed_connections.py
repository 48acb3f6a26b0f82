"""The state of the control socket and its connections that goes to the next supervisor, see wesktopd.upgrade."""

import msgspec

from wesktopd.wire.control_messages import Events, Logs
from wesktopd.wire.window_messages import Launched, Navigate


class HandedConnection(msgspec.Struct, kw_only=True):
    """A control connection. fd: its number, see wesktopd.upgrade.messages.

    greeted: the client has proved that it may send requests, if it has to; awaited: the proof that is expected.
    lease, lease_id, path: of the lease that the client holds by it, if any. dialog: the number of the dialog that is
    open in this window. following: the streams that the client gets. upgrades: the requests that the takeover
    answers. received: requests to be carried out, and the beginning of the next frame. unsent: what the client
    has not read.
    """

    fd: int
    greeted: bool
    lease: str | None
    lease_id: int
    path: str
    dialog: int | None
    following: list[Logs | Events]
    upgrades: list[int]
    received: bytes
    unsent: bytes
    awaited: str | None = None

    def __repr__(self) -> str:
        return f"HandedConnection(fd={self.fd}, ...)"


class HandedControl(msgspec.Struct, kw_only=True):
    """The control socket and its connections. listener: its number. kept: events for the next window."""

    listener: int | None
    secret: str | None
    connections: list[HandedConnection]
    kept: list[tuple[float, Launched | Navigate]]

    def __repr__(self) -> str:
        return f"HandedControl(listener={self.listener}, ...)"
