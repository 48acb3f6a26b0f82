"""The window process.

It opens immediately with a splash, takes a lease on the app's server, and shows the page when the server is ready. FD
is its channel to the process that called `run()`: a WindowSpec comes first, then where the server is; its end closes
the window.
"""

import logging
import socket
import threading
import traceback
from pathlib import Path

from wesktop.window.backends import choose
from wesktop.window.creation import Creation
from wesktop.window.frame.behaviour import Behaviour
from wesktop.window.link.reports import Reports
from wesktop.window.page.close_request import CloseRequest
from wesktop.window.page.geometry_store import fit_on_screen, store_geometry
from wesktop.window.page.page import CLOSE_WITHIN, Page, end_within
from wesktop.window.page.splash import splash
from wesktop.window.page.zoom_store import ZoomStore
from wesktop.window.policy.bridge import ClosedBridge
from wesktop.window.policy.rules import Rules
from wesktop.window.policy.storage import open_storage
from wesktop.window.spec import Closed, Opened, WindowSpec
from wesktop.window.toolkit import Toolkit
from wesktopd.errors import WesktopError
from wesktopd.startup_imports import all_loaded
from wesktopd.system import inherit_channel, read_line, send_message
from wesktopd.wire.worker_messages import decode

PAGE_FIRST = 0.5  # seconds that all else waits for a page whose URL is known from the first


def open_window(
    spec: WindowSpec, toolkit: Toolkit, caller: socket.socket, creation: Creation, reports: Reports
) -> None:
    """Show the window and return when it is closed."""
    import webview

    open_storage(spec.storage, spec.own_host, () if spec.further else toolkit.caches(), shared=spec.further)
    window = webview.create_window(
        spec.title,
        html=splash(spec.background),
        width=spec.width,
        height=spec.height,
        background_color=spec.background,
        js_api=ClosedBridge(),
        **spec.options,
    )
    fit_on_screen(window, toolkit)
    if spec.geometry is not None:
        store_geometry(window, toolkit, Path(spec.geometry))
    webview.settings["ALLOW_FILE_URLS"] = False
    webview.settings["OPEN_DEVTOOLS_IN_DEBUG"] = False  # they are in the context menu
    closing = CloseRequest(window, toolkit, question=spec.confirm_close, hides=spec.on_close == "hide")
    if spec.menu:  # before the page, at whose sight GTK's window is realized: it has its menu bar by then, or never
        toolkit.set_menu(window, spec.menu, lambda item: page.choose(item))
    rules = Rules(spec.permissions, spec.downloads)
    behaviour = Behaviour(spec.context_menu, spec.can_zoom, spec.spellcheck, spec.debug)
    zoom = ZoomStore(Path(spec.zoom) if spec.zoom else None)
    page = Page(window, toolkit, rules, closing, behaviour, zoom, follows_title=spec.follows_title)
    window.events.shown += lambda: on_shown(caller, creation)
    if spec.url is not None:
        page.show(spec.url, spec.link)
    patience = PAGE_FIRST if spec.url else 0.0
    threading.Thread(target=follow, args=(caller, page, spec, patience, reports), name="link", daemon=True).start()
    webview.start(
        gui=toolkit.name,
        debug=spec.debug and toolkit.inspect(window),
        icon=spec.icon,
        private_mode=False,  # pywebview's default loses localStorage
        storage_path=spec.storage,
    )


def follow(caller: socket.socket, page: Page, spec: WindowSpec, patience: float, reports: Reports) -> None:
    """Tell the page what becomes of the app's server; begin when it is loaded, or after `patience` seconds."""
    page.loaded.wait(patience)
    from wesktop.window.link.server_link import ServerLink  # late: loading it would keep the page waiting

    try:
        ServerLink(caller, page, spec.app_id, spec.icon, reports.send_to).run()
    except Exception:
        logging.getLogger("wesktop").exception("the window is closed: it lost the connection to its server")
        page.close()


def make_toolkit(gui: str | None) -> Toolkit:
    """Return the toolkit that pywebview calls so."""
    if gui == "gtk":
        from wesktop.window.gtk.toolkit import Gtk

        return Gtk()
    if gui == "qt":
        from wesktop.window.qt.toolkit import Qt

        return Qt()
    return Toolkit()


def on_shown(caller: socket.socket, creation: Creation) -> None:
    """The window is there: what is left to do is not in a hurry."""
    creation.over = True
    all_loaded()
    send_message(caller, Opened())


def main(fd: int) -> int:
    """Show the window that the channel describes; the exit code."""
    caller = inherit_channel(fd)
    import webview  # noqa: F401  while the launcher decides what to show

    line = read_line(caller)
    if not line:  # the launcher needs no window after all
        return 0
    spec = decode(line, WindowSpec)
    assert spec is not None
    creation = Creation(caller)
    reports = Reports()
    reports.install(spec.app_id)
    try:
        chosen = make_toolkit(choose(spec.gui))
        chosen.prepare(spec.app_id, spec.icon)
        open_window(spec, chosen, caller, creation, reports)
    except Exception as error:
        if creation.over:
            raise
        if not isinstance(error, WesktopError):
            traceback.print_exc()
        return creation.failed(error)
    if creation.over:
        send_message(caller, Closed())
    # The toolkit writes the page's storage at its end; but a thread of pywebview may wait indefinitely for the answer
    # of a page that was just closed.
    end_within(CLOSE_WITHIN)
    return 0
