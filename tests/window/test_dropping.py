"""Files that are dragged from another program's window and dropped on the page."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.browser import Site
from support.scripts import Script
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

# A file manager, in short: whatever is dragged from its window is these two files and a link.
SOURCE = """
from wesktop.window.backends import has_gtk

assert has_gtk()
import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk

Gtk.init_check()
GLib.set_prgname("source")
Gdk.set_program_class("source")
window = Gtk.Window()
window.set_default_size(150, 150)
window.move(0, 0)
box = Gtk.EventBox()
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda _, __, data, *___: data.set_uris({uris}))
window.add(box)
window.show_all()
Gtk.main()
"""
SCRIPT = """addEventListener("dragover", event => { event.preventDefault(); say("over") });
addEventListener("drop", event => { event.preventDefault(); say("files-" + event.dataTransfer.files.length) });
addEventListener("wesktop:drop", event => say(JSON.stringify(event.detail.paths)))"""


def drag(shown: Shown) -> None:
    """Begin to drag from the window of SOURCE."""
    screen = shown.screen
    source = screen.window("source")
    screen.point(source, 75, 75)
    screen.press(down=True)
    for step in range(80, 120, 10):
        screen.point(source, step, 75)


@pytest.mark.parametrize("gui", [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)])
def test_the_page_learns_where_dropped_files_are(
    show: Callable[..., Shown], start: Callable[..., Script], home: Path, gui: str
) -> None:
    files = [home / "a%20\u00fc.txt", home / "b.txt"]
    for file in files:
        file.touch()
    shown = show(f"gui={gui!r}", f"script={SCRIPT!r}").ready()
    start("source", SOURCE.format(uris=[file.as_uri() for file in files] + ["https://example.org/"]))
    drag(shown)
    screen = shown.screen

    def above() -> bool:
        for step in range(100, 120, 2):
            screen.point(shown.window, step, 100)
        return "over" in shown.said()

    wait_for(above, "the page to notice what is dragged")
    screen.press(down=False)
    expected = json.dumps([str(file) for file in files], ensure_ascii=False, separators=(",", ":"))
    wait_for(lambda: expected in shown.said(), lambda: f"{expected} in {shown.said()}")


@pytest.mark.parametrize("way", ["itself", "by a redirect"])
@pytest.mark.parametrize("gui", [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)])
def test_a_link_of_another_program_that_is_dropped_is_no_navigation_of_the_users(
    show: Callable[..., Shown], start: Callable[..., Script], elsewhere: Site, gui: str, way: str
) -> None:
    """A page of another site can offer it to be dragged."""
    shown = show(f"gui={gui!r}", "script='onmousemove = () => say(`moved`)'").ready()
    elsewhere.leads_to = f"{shown.origin}/asked"
    start("source", SOURCE.format(uris=[elsewhere.leads_to if way == "itself" else f"{elsewhere.url}/"]))
    drag(shown)
    for step in range(100, 150, 2):
        shown.screen.point(shown.window, step, 100)
    shown.screen.press(down=False)

    def moved() -> int:  # the page hears of it again once nothing is dragged any more
        shown.screen.point(shown.window, 200, 200 + len(shown.said()) % 50)
        return shown.said().count("moved")

    wait_for(lambda: moved() > 20, "the page to go on")
    assert not [word for word in shown.said() if word.startswith("asked-")]
