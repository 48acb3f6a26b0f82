"""WindowSpec: how the window looks, and the few messages between the caller and the window's process."""

from typing import Any

import msgspec


class WindowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the window process needs to know.

    app_id: the window's class, by which the desktop groups windows and finds their launcher.
    storage: the directory for the page's cookies and localStorage.
    icon: an absolute path. options: further parameters of `webview.create_window`.
    """

    app_id: str
    title: str
    width: int
    height: int
    background: str
    storage: str
    icon: str | None = None
    gui: str | None = None
    debug: bool = False
    options: dict[str, Any] = {}


class Attachable(msgspec.Struct, frozen=True, tag="attachable"):
    """To the window: the app's control socket is there. stays: the window is not to close with its caller."""

    socket: str
    name: str
    stays: bool = False


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """From the window: it is on the screen."""


class NotOpened(msgspec.Struct, frozen=True, tag="not_opened"):
    """From the window: it cannot be opened. error: a class name of wesktop.errors."""

    error: str
    message: str


FromWindow = Opened | NotOpened
