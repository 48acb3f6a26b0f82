"""WindowSpec: how the window looks, and the few messages between its process and the one that opened it.

Light, since the window waits for it.
"""

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class WindowSpec:
    """The description of a window, for its process.

    app_id: the window's class, by which the desktop groups windows and finds their launcher.
    storage: the directory for the page's cookies and localStorage. own_host: see
    `wesktopd.instance.own_host`; None for none.
    further: there is another window of the app.
    icon: an absolute path. options: further parameters of `webview.create_window`.
    geometry: the file that its size and place are kept in.
    confirm_close: what the user is asked before it is closed. on_close: "quit" or "hide".
    menu: as `wesktop.window.frame.menu` describes it.
    follows_title: the window has the page's title, once that has one.
    context_menu, can_zoom, spellcheck: see `wesktop.window.frame.behaviour`. zoom: the file that the zoom factor is
    kept in.
    permissions, downloads: what the page may do; see `wesktop.window.policy.rules`.
    url: of the app, where it is known to be ready: the page need not wait until the window has attached.
    link: opened instead, once and soon, where the app has a session.
    """

    app_id: str
    title: str
    width: int
    height: int
    background: str
    storage: str
    own_host: str | None = field(default=None, repr=False)
    further: bool = False
    icon: str | None = None
    gui: str | None = None
    debug: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    permissions: list[str] = field(default_factory=list)
    downloads: bool = True
    geometry: str | None = None
    confirm_close: str | None = None
    on_close: str = "quit"
    menu: list[dict[str, Any]] = field(default_factory=list)
    follows_title: bool = False
    context_menu: bool = True
    can_zoom: bool = True
    zoom: str | None = None
    spellcheck: list[str] | None = None
    url: str | None = None
    link: str | None = field(default=None, repr=False)


def further(look: WindowSpec) -> WindowSpec:
    """Return the same for a further window of its app: placed by the toolkit, and closed for good."""
    return replace(look, geometry=None, on_close="quit", further=True)


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """To the window: where the app's control socket is.

    url: of the app, where it is known to be ready; with it a page can be shown though there is no control socket.
    link: opened instead, once and soon, where the app has a session.
    path: the page to begin with.
    stays: the window is not to close with its caller. one_shot: it is to close with its server.
    """

    socket: str
    name: str
    url: str | None = None
    link: str | None = field(default=None, repr=False)
    path: str = "/"
    stays: bool = False
    one_shot: bool = False


@dataclass(frozen=True)
class Opened:
    """From the window: it is on the screen."""


@dataclass(frozen=True)
class Attached:
    """From the window: it has a lease on the server."""


@dataclass(frozen=True)
class Closed:
    """From the window: it was closed, and its process is about to end."""


@dataclass(frozen=True)
class NotOpened:
    """From the window: it cannot be opened. error: a class name of wesktop.errors."""

    error: str
    message: str
