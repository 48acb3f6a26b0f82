"""The control messages about windows; see `wesktopd.protocol`."""

from wesktopd import questions
from wesktopd.message import Message


class Focused(Message):
    """The window of this lease has got the focus; answered by `Done`."""


class Launch(Message):
    """The app was started again, with these arguments, in this directory: it is to come to the front and do what they
    ask for, see AppSpec.second_launch. Answered by `Done` when it has been told.
    """

    arguments: list[str]
    directory: str


class Launched(Message):
    """Event for the window in front: the app was started again, see `Launch`."""

    arguments: list[str]
    directory: str


class Navigate(Message):
    """Event for the window in front: show another of the app's pages. url: see `Ready.link`."""

    url: str


class Ask(Message):
    """Have the window in front ask the user; answered by `Answered` when he has. Ends with its connection."""

    question: questions.Any


class Asked(Message):
    """Event for the window in front: ask the user, and answer by `Reply` with this number."""

    number: int
    question: questions.Any


class Withdrawn(Message):
    """Event for that window: nobody waits for the answer any more; the dialog is to close."""

    number: int


class Reply(Message):
    """From the window: what the user has answered to the question of this number; see `Answered`.

    error: why he could not be asked, else "".
    """

    number: int
    paths: tuple[str, ...] = ()
    accepted: bool = False
    more: bool = False
    error: str = ""


class Answered(Message):
    """The answer to `Ask`. accepted: whether the user did; not if the dialog was closed. paths: that he chose.

    more: further paths follow, in another one.
    """

    paths: tuple[str, ...] = ()
    accepted: bool = False
    more: bool = False
