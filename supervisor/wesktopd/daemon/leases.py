"""Leases: which events their holders get, and what their end means for the app."""

import asyncio

from wesktopd.app.served_app import ServedApp
from wesktopd.control.login_links import check_link_path
from wesktopd.logs.history import HistoryKind
from wesktopd.wire.control_messages import STARTER, Answer, Down, Listening, Ready, failure


class Leases:
    """Tells the holders of leases whether the app answers."""

    def __init__(self, app: ServedApp) -> None:
        self._app = app

    def current_event(self, path: str) -> Answer:
        """Return the first event of a new lease, whose page is at `path`.

        Raises ConfigurationError for a path that leads elsewhere.
        """
        app = self._app
        check_link_path(path)
        if app.failure is not None:
            return failure(app.failure)
        if app.pool.ready(app.pool.serving):
            return self._ready(path)
        if app.pool.serving:
            return Down(reason="its worker is being started")
        return Listening(url=app.instance.url)

    def announce_ready(self) -> None:
        """Tell all holders that the app answers."""
        for lease in self._app.control.leases:
            lease.send_event(self._ready(lease.path))

    def _ready(self, path: str) -> Ready:
        """A holder is a window, or a process that opens one: it gets a login link."""
        app = self._app
        link = app.links.make(path) if app.links.needed_for(path) else None
        return Ready(url=app.instance.url, origin=app.instance.origin, link=link)

    def began(self, kind: str) -> None:
        """Note a new lease."""
        self._app.record.note(HistoryKind.ATTACHED, f"{kind} attached")
        self._app.wake()  # others may wait for a window

    def ended(self, kind: str) -> None:
        """End a one-shot app with its last lease, and with the process that started it."""
        app = self._app
        app.record.note(HistoryKind.DETACHED, f"{kind} detached")
        app.idle.used(asyncio.get_running_loop().time())
        if app.spec.one_shot and kind == STARTER:
            app.supervisor.request_stop("its caller has ended")
        elif app.spec.one_shot and not app.control.leases:
            app.supervisor.request_stop("its window is closed")
        elif kind == STARTER:
            app.output.let_go()
        app.wake()
