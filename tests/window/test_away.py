"""The server of a window goes away, and by then anybody may answer at its address."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support.browser import site
from support.framebuffer import colour
from support.scripts import Script, answers, free_port
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

on_both = pytest.mark.parametrize("gui", [None, pytest.param("qt", marks=pytest.mark.qt)])

AWAY = "#204060"  # the colour of the window, which a page has painted over
PAGE = "#f0e0d0"
PAGE_COLOUR = colour(PAGE)

APP = f"""
from window.page import page_app
from pathlib import Path

app = page_app("demo", script=Path("page.js").read_text(), colour={PAGE!r})
"""

# A page that never rests, does not want to be left, and says where it is.
RESTLESS = """
if (!location.search) history.replaceState(null, "", "/?part=2&q=a%20b#end");
say("at:" + location.href.replace(location.origin, ""));
onbeforeunload = event => event.preventDefault();
setInterval(() => fetch("/poll").catch(() => 0), 20);
new EventSource("/stream").onerror = () => location.reload();
"""

# What is left of an earlier server, and what the page leaves for the next.
CACHING = """
(async () => {
  const workers = await navigator.serviceWorker.getRegistrations();
  const cached = async () => (await fetch("/cached")).text();
  say("workers:" + workers.length + ",cached:" + await cached());
  if (await cached() !== await cached()) say("not-cached");
  await navigator.serviceWorker.register("/worker.js");
  await navigator.serviceWorker.ready;
  say("left");
})();
"""


class Served:
    """An app by `serve()`, and a window on it."""

    def __init__(
        self,
        start: Callable[..., Script],
        show_script: Callable[..., Shown],
        home: Path,
        script: str,
        gui: str | None = None,
    ) -> None:
        self.port = free_port()
        self._start = start
        (home / "page.js").write_text(script)
        (home / "demo.py").write_text(APP)
        self.begin()
        self.shown = show_script(
            "face", "demo", f"background={AWAY!r}, width=400, height=300, gui={gui!r}", self.port
        )
        self.shown.ready()
        wait_for(lambda: self.shown.picture().corners() == {PAGE_COLOUR}, "the page")

    def begin(self) -> None:
        """Have it served."""
        self._server = self._start("server", f"import wesktop\nwesktop.serve('demo:app', port={self.port})")
        wait_for(lambda: answers(f"http://127.0.0.1:{self.port}/pid"), "the server")

    def end(self) -> None:
        """Have it end."""
        self._server.process.terminate()
        assert self._server.wait() == 0, self._server.output

    def is_put_away(self) -> bool:
        """Whether the window shows its own page."""
        return PAGE_COLOUR not in self.shown.picture().corners()

    def close(self) -> None:
        """Close both."""
        self.shown.close()
        assert self.shown.script.wait() == 0, self.shown.script.output
        self.end()


@on_both
def test_nobody_who_takes_its_port_is_asked_and_the_page_comes_back_where_it_was(
    start: Callable[..., Script], show_script: Callable[..., Shown], home: Path, gui: str | None
) -> None:
    with closing(Served(start, show_script, home, RESTLESS, gui)) as served:
        served.shown.hear("at:/?part=2&q=a%20b#end")
        served.shown.click()  # from now on it might ask whether it is to be left
        served.end()
        wait_for(served.is_put_away, "the window's own page")
        with site(served.port) as stranger:
            other = start("other", f"import wesktop\nwesktop.serve('demo:app', port={served.port})")
            assert other.wait() != 0  # meanwhile a page that lives would have asked many times
            assert "is in use by" in other.output
        assert stranger.asked == []
        served.begin()
        served.shown.hear("at:/?part=2&q=a%20b#end", times=2)
        wait_for(lambda: served.shown.picture().corners() == {PAGE_COLOUR}, "the page again")


def test_service_workers_and_cached_answers_do_not_outlive_a_server(
    start: Callable[..., Script], show_script: Callable[..., Shown], home: Path
) -> None:
    with closing(Served(start, show_script, home, CACHING)) as served:
        served.shown.hear("left")
        served.end()
        wait_for(served.is_put_away, "the window's own page")
        served.begin()
        served.shown.hear("left", times=2)
    again = [word for word in served.shown.said() if word.startswith("workers:")]
    assert len({word.partition("cached:")[2] for word in again}) == 2
    assert [word.partition(",")[0] for word in again] == ["workers:0"] * 2
    assert "not-cached" not in served.shown.said()


@on_both
def test_nor_do_they_outlive_a_window(show: Callable[..., Shown], home: Path, gui: str | None) -> None:
    """Not even what an engine would not have taken for its own: when it writes to its disk, is its affair."""
    port = free_port()
    (home / "page.js").write_text(CACHING)
    options, page = f"keep_alive=True, gui={gui!r}", "script=Path('page.js').read_text()"
    first = show(options, page, port=port)
    first.hear("left")
    first.close()
    assert first.script.wait() == 0, first.script.output
    names = ("serviceworkers", "WebKitCache") if gui is None else ("Service Worker", "Cache")
    planted = [next(home.rglob(name)) / "planted" for name in names]
    for file in planted:
        file.touch()
    second = show(options, page, port=port)
    second.hear("left", times=2)
    assert not any(file.exists() for file in planted)
    second.close()
    assert second.script.wait() == 0, second.script.output


COUNTING = """
const seen = localStorage.getItem("seen");
localStorage.setItem("seen", "x" + (seen || ""));
say("seen:" + seen + "," + isSecureContext);
"""


def test_what_pages_have_stored_under_the_address_of_before_is_still_theirs(
    show: Callable[..., Shown], home: Path
) -> None:
    port = free_port()
    (home / "page.js").write_text(COUNTING)
    page = "script=Path('page.js').read_text()"
    first = show(page=page, port=port)
    first.hear("seen:null,true")
    host = first.origin.removeprefix("http://").partition(":")[0]
    first.close()
    first.ended_well()
    storage = next(home.rglob("localstorage"))
    for file in storage.glob(f"http_{host}_*"):
        file.rename(file.with_name(file.name.replace(host, "127.0.0.1")))
    (storage.parent / "host").unlink()
    second = show(page=page, port=port)
    second.hear("seen:x,true")
    second.close()
    second.ended_well()
