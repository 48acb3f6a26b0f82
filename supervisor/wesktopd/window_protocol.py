"""The control messages about windows; see `wesktopd.protocol`."""

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
