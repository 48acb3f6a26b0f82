"""The pywebview window and the page that it shows."""

import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from wesktop.window.backlog import Backlog
from wesktop.window.creation import required
from wesktop.window.frame.behaviour import BACK, FORWARD, RELOAD, Behaviour, zoomed
from wesktop.window.frame.file_drop import DROP_EVENT
from wesktop.window.frame.menu import MENU_EVENT, Item
from wesktop.window.page.close_request import CloseRequest
from wesktop.window.page.page_events import DISPATCHED, dispatch, dispatch_on_app_page
from wesktop.window.page.splash import AGAIN, HIDE, away, died, show_note
from wesktop.window.page.zoom_store import ZoomStore
from wesktop.window.policy.rules import Rules, Verdict
from wesktop.window.toolkit import Toolkit
from wesktopd.guard.local_path import local_path
from wesktopd.guard.tokens import MAX_PATH, OPEN_PATH

if TYPE_CHECKING:
    from wesktop.window.page.open_dialogs import OpenDialogs

CLOSE_WITHIN = 0.7  # seconds that the toolkit has to close the window, and then to end
DISPATCH_WITHIN = 60.0  # seconds that an event waits for the app's first page
DISPATCH_EVERY = 0.05
MAX_EVENTS = 16  # that may wait for the app's first page
MAX_SCRIPTS = 64  # that may wait for a page that is busy
SHOWN_WITHIN = 20.0  # seconds that the toolkit has to show the window, as pywebview has it
DIES_AGAIN_WITHIN = 30.0  # seconds after which another death of the page's process is taken for a new one
RETRY_AFTER = 0.5  # seconds after which a page that could not be loaded is asked for again


class Page:
    """Its methods may be called from any thread."""

    def __init__(
        self,
        window: Any,
        toolkit: Toolkit,
        rules: Rules,
        closing: CloseRequest,
        behaviour: Behaviour | None = None,
        zoom: ZoomStore | None = None,
        *,
        follows_title: bool = False,
    ) -> None:
        self._window = window
        self._zoom = zoom or ZoomStore(None)
        self._title = window.title if follows_title else None
        self._died_at = -math.inf
        self._dead_at: str | None = None  # the path of a page that has died, while ours says so
        self._closing = closing
        self._rules = rules
        self.loaded, self.closed = window.events.loaded, window.events.closed
        self._toolkit = toolkit
        self._lock = threading.Lock()
        self._url: str | None = None
        self._link = ""  # what is opened for it
        self._shown = 0  # how often it was
        self._entering = False  # whether that is a one-time link which may have come too late
        self.on_refused: Callable[[], None] = lambda: None
        """Is called when it has, from any thread."""
        self._created = False
        self._was_away = False  # and another server may have left something at its address
        self.on_focus: Callable[[], None] = lambda: None
        self._scripts = Backlog("scripts for the page", self._run_script, MAX_SCRIPTS)
        self._events = Backlog("events for the page", self._dispatch_loaded, MAX_EVENTS)
        self._behaviour = behaviour or Behaviour()
        window.events.before_show += required(self._dress)
        window.events.loaded += self._on_loaded
        window.events.before_show += required(lambda: toolkit.on_dropped(window, self._on_dropped))
        window.events.before_show += required(lambda: toolkit.on_focus(window, lambda: self.on_focus()))
        event = toolkit.before_first_page(window)
        event += required(self._choose_first)

    def _dress(self) -> None:
        self._toolkit.dress(self._window, self._rules, self._behaviour, self)
        self._toolkit.set_zoom(self._window, self._zoom.factor)

    def title_changed(self, title: str) -> None:
        """See Observer: the window's title is the page's, where it has one and the app has given none."""
        if self._dead_at is not None:
            if title == AGAIN:
                self._revive()
        elif self._title is not None and self._url is not None:
            self._toolkit.set_title(self._window, title.strip() or self._title)

    def closed_by_page(self) -> None:
        """See Observer."""
        self._closing.by_page()

    def command(self, name: str | None) -> bool:
        """See Observer."""
        if name is None or not self._behaviour.offers(name):
            return False
        if name in (BACK, FORWARD):
            self._toolkit.go(self._window, -1 if name == BACK else 1)
        elif name == RELOAD:
            self._reload()
        else:
            self._zoom.set(zoomed(self._zoom.factor, name))
            self._toolkit.set_zoom(self._window, self._zoom.factor)
        return True

    def page_died(self) -> None:
        """See Observer: load the page again, once; if it dies again soon, say so with a button that loads it."""
        url = self._url
        if url is None:  # it was put away
            return
        now = time.monotonic()
        again, self._died_at = now - self._died_at < DIES_AGAIN_WITHIN, now
        logger = logging.getLogger("wesktop")
        if not again:
            logger.warning("the page's process ended unexpectedly: the page is loaded again")
            self._reload()
            return
        logger.error(
            "the page's process ended unexpectedly, again: the page is not loaded until the user asks for it"
        )
        self._dead_at = "/"
        threading.Thread(target=self._show_died, args=(url,), name="died", daemon=True).start()

    def _show_died(self, url: str) -> None:
        at = self._toolkit.replace_page(self._window, died(self._window.background_color))
        self._dead_at = path_within(at, url)

    def _revive(self) -> None:
        path, self._dead_at = self._dead_at, None
        if self._url is not None and path is not None:
            args = (urljoin(self._url, path), self._shown)
            threading.Thread(target=self._load, args=args, name="revive", daemon=True).start()

    def _reload(self) -> None:
        if self._dead_at is not None:
            self._revive()
        elif self._url is not None:  # else our own page is there, which no engine can load again
            self._toolkit.reload(self._window)

    def _choose_first(self) -> None:
        """A server that is ready by now needs no splash."""
        with self._lock:
            self._created = True
            if self._url is not None:
                self._window.real_url = self._link

    def show(self, url: str, link: str | None) -> None:
        """Load the app's page, by a one-time link where there is one; without effect when it is there already."""
        with self._lock:
            self._link = link or url
            if url == self._url:
                return
            self._dead_at = None
            self._url = url
            self._shown += 1
            self._entering = link is not None
            self._rules.belongs_to(url)
            link, shown, created = self._link, self._shown, self._created
            was_away, self._was_away = self._was_away, False
        if not created:
            return
        if was_away:
            self._toolkit.forget_cached(self._window)
        self._load(link, shown)

    def put_away(self, text: str) -> str:
        """Show our own page, which says this and loads nothing, until the app is shown again: by now anybody may
        answer at its address. Return the path that its page was at.
        """
        with self._lock:
            url, self._url = self._url, None
            self._shown += 1
            self._entering = False
            self._rules.belongs_to(None)
            created, self._was_away = self._created, True
        if not created or not self._window.events.shown.wait(SHOWN_WITHIN):  # on Qt, it is created before its view
            return "/"
        at = self._toolkit.replace_page(self._window, away(self._window.background_color, text))
        return path_within(at, url)

    def _load(self, url: str, shown: int) -> None:
        """Load this, unless something else was shown since."""
        if shown == self._shown and self._url is not None:
            self._window.load_url(url)

    def _on_loaded(self) -> None:
        """See whether the link has led in: a worker that was late or died may have used it up. Runs in a thread."""
        url = self._url
        if not self._entering or url is None:
            return
        at = None
        with contextlib.suppress(Exception):  # the page has gone on meanwhile
            at = self._window.run_js("location.href")
        if not isinstance(at, str) or not at.startswith(url):
            return  # the splash
        self._entering = False
        if at.startswith(url + OPEN_PATH):
            with self._lock:
                self._url = None  # so that the next link is opened
            again = threading.Timer(RETRY_AFTER, lambda: self.on_refused())
            again.daemon = True
            again.start()

    def load_failed(self, url: str) -> None:
        """See Observer. A server that went away just then: what was there stays, and the page comes when it can."""
        if self._url is not None and self._rules.page(url) is Verdict.SHOW:
            again = threading.Timer(RETRY_AFTER, self._load_again, (url, self._shown))
            again.daemon = True
            again.start()

    def _load_again(self, url: str, shown: int) -> None:
        """A link may have been used up by then: there is another one, if the server has been ready again since; and
        one that was opened meanwhile is not to be cut off.
        """
        self._load(self._link if OPEN_PATH in url else url, shown)

    def choose(self, item: Item) -> None:
        """Carry out an item of the menu."""
        if "path" in item:
            if self._url is not None:
                self._load(urljoin(self._url, item["path"]), self._shown)
        elif "id" in item:
            self.dispatch(MENU_EVENT, item["id"])
        elif item["role"] == "reload":
            self._reload()
        else:
            self._closing.quit()

    def dispatch(self, event: str, detail: object) -> None:
        """Fire an event at the page's window."""
        self._scripts.put(dispatch(event, detail))

    def _on_dropped(self, paths: list[str], x: int, y: int) -> None:
        self.dispatch(DROP_EVENT, {"paths": paths, "x": x, "y": y})

    def note(self, text: str) -> None:
        """Lay a note over the page."""
        self._scripts.put(show_note(text), kind="note")

    def clear_note(self) -> None:
        """Take the note away."""
        self._scripts.put(HIDE, kind="note")

    def _run_script(self, script: str) -> None:
        """Waits for the page, which may be busy indefinitely; pywebview raises if it has not loaded after 20 s."""
        self._window.run_js(script)

    def focus(self) -> None:
        """Bring the window to the front, where it will be too that is not there yet."""
        if self._window.native is not None:
            self._toolkit.focus(self._window)

    def dialogs(self, app_id: str, icon: str | None) -> "OpenDialogs":
        """Return what opens dialogs on this window."""
        from wesktop.window.page.open_dialogs import OpenDialogs  # late: it takes 5 ms, and the page goes first

        return OpenDialogs(self._toolkit, self._window, app_id, icon)

    def go(self, url: str) -> None:
        """Load another page of the app's; without effect for one of others."""
        with self._lock:
            if self._url is None or not url.startswith(f"{self._url}/"):
                return
            self._link = url
            self._shown += 1
            self._entering = OPEN_PATH in url
            shown, created = self._shown, self._created
        if created:
            self._load(url, shown)

    def dispatch_when_loaded(self, event: str, detail: object) -> None:
        """The same as soon as there is a page of the app's, and it has loaded."""
        self._events.put((event, detail, time.monotonic() + DISPATCH_WITHIN))

    def _dispatch_loaded(self, due: tuple[str, object, float]) -> None:
        event, detail, deadline = due
        while (left := deadline - time.monotonic()) > 0 and self.loaded.wait(left):
            with contextlib.suppress(Exception):  # what pywebview raises when the page takes long
                if self._url and DISPATCHED in str(
                    self._window.run_js(dispatch_on_app_page(self._url, event, detail))
                ):
                    return
            time.sleep(DISPATCH_EVERY)
        logging.getLogger("wesktop").warning("no page of the app loaded within %g s for %r", DISPATCH_WITHIN, event)

    def close(self) -> None:
        """Close the window without asking anybody; end the process if the toolkit does not."""
        self._closing.decide()
        end_within(CLOSE_WITHIN)
        self._window.destroy()


def path_within(at: str, url: str | None) -> str:
    """The path of the page at this address, for a link to lead there again; "/" for one that no link can lead to."""
    path = at.removeprefix(url) if url is not None and at.startswith(f"{url}/") else "/"
    fits = local_path(path) == path and len(path) <= MAX_PATH and not path.startswith(OPEN_PATH)
    return path if fits else "/"


def end_within(seconds: float) -> None:
    """End this process by then, whatever else it is doing."""
    deadline = threading.Timer(seconds, os._exit, (0,))
    deadline.daemon = True
    deadline.start()
