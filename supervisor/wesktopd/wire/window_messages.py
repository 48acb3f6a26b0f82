"""The control messages about windows; see `wesktopd.wire.control_messages`."""

from typing import Any

from wesktopd.wire import dialog_messages
from wesktopd.wire.message import Message, SecretMessage


class Focused(Message):
    """The window of this lease has got the focus; answered by `Done`."""


class Print(Message):
    """From a window's process: lines for the app's log, such as a traceback; answered by `Done`."""

    pid: int
    text: str


class Launch(Message):
    """The app was started again, with these arguments, in this directory: it comes to the front and does what they
    ask for, see AppSpec.second_launch. Answered by `Done` when the launch is delivered, or queued.
    """

    arguments: list[str]
    directory: str


class Show(Message):
    """Show the app: in its window, which comes to the front, or else in one that the client opens.

    launch: passed on to that window; None for nothing. shares: no other window, even if AppSpec.second_launch is
    "window". target, import_path: the program that the client is a start of, if it is one.

    Answered by `Done` when a window shows the app, which may be one that another client is opening; by `Vacant`; or
    by `Failed`, with AlreadyRunningError if the app is another program, with NotRunningError if it is ending.
    """

    launch: Launch | None = None
    shares: bool = False
    target: str | None = None
    import_path: list[str] | None = None


class Vacant(SecretMessage):
    """The answer to `Show` if there is no window: the client opens one. Its connection holds a lease from then on,
    whose first event follows; for as long as it lasts, others wait for that window.

    windows: number of the app's other windows. one_shot: the app ends with its last window. origin: see `Ready`.
    """

    windows: int = 0
    one_shot: bool = False
    origin: str | None = None


class Launched(Message):
    """Event for the window in front: the app was started again, see `Launch`."""

    arguments: list[str]
    directory: str


class Navigate(SecretMessage):
    """Event for the window in front: show another of the app's pages. url: see `Ready.link`."""

    url: str


class Ask(Message):
    """Have the window in front ask the user; answered by `Answered`. Cancelled with its connection."""

    question: dialog_messages.Any


class Asked(Message):
    """Event for the window in front: ask the user, and answer by `Reply` with this number.

    question: see `wesktopd.wire.dialog_messages`; it is read when it is asked, as a later release may have further
    kinds.
    """

    number: int
    question: Any


class Withdrawn(Message):
    """Event for that window: close the dialog, which was withdrawn."""

    number: int


class Reply(Message):
    """From the window: the user's answer to the question of this number; see `Answered`.

    error: why the user could not be asked, else "".
    """

    number: int
    paths: tuple[str, ...] = ()
    accepted: bool = False
    more: bool = False
    error: str = ""


class Answered(Message):
    """The answer to `Ask`. accepted: False if the user declined or closed the dialog. paths: the chosen ones.

    more: further paths follow, in another one.
    """

    paths: tuple[str, ...] = ()
    accepted: bool = False
    more: bool = False
