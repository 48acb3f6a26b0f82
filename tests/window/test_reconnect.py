"""The server goes away under the window, and comes back."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.framebuffer import Colour, colour
from support.scripts import Script, answers, free_port
from support.waiting import wait_for
from wesktopd import client
from wesktopd.control.connection import Connection
from wesktopd.errors import WesktopError
from wesktopd.wire.dialog_messages import Confirm
from wesktopd.wire.window_messages import Answered, Ask
from window.shown import Shown

pytestmark = pytest.mark.window

PAGE = "#204060"

# Says its mark, which a reload would change, at first and whenever a note has been taken away.
WATCHED = """
const mark = "mark-" + Math.random();
say(mark);
new MutationObserver(changes => changes.forEach(change => change.removedNodes.forEach(node => {
    if (node.id === "wesktop-note") say(mark).then(() => say("again"));
}))).observe(document.documentElement, {childList: true});
"""


def nearly(corner: Colour) -> bool:
    """Whether it is the page's colour, which a view without a page rounds otherwise."""
    return all(abs(one - other) <= 1 for one, other in zip(corner, colour(PAGE), strict=True))


def noted(shown: Shown) -> bool:
    """Whether a note lies over the page: at the bottom, in the middle, and nowhere else."""
    picture = shown.picture()
    assert all(nearly(corner) for corner in picture.corners())
    return picture.at(picture.width // 2, -29) != colour(PAGE)


def test_a_note_says_that_the_server_is_away_and_the_page_keeps_its_state(
    show: Callable[..., Shown], home: Path
) -> None:
    shown = show(f"background={PAGE!r}", f"script={WATCHED!r}, colour={PAGE!r}, waits='again'").ready()
    wait_for(lambda: any(word.startswith("mark-") for word in shown.said()), "the page's mark")
    os.kill(shown.worker(), signal.SIGKILL)
    wait_for(lambda: noted(shown), "a note over the page")
    (home / "go").touch()
    wait_for(lambda: not noted(shown), "the note's end")
    shown.hear("again")
    marks = [word for word in shown.said() if word.startswith("mark-")]
    assert marks == [marks[0]] * 2
    shown.close()
    shown.ended_well()


APP = f"""
from window.page import page_app

app = page_app("demo", colour={PAGE!r})
"""


def test_a_window_on_a_server_of_its_own_reloads_when_that_is_back_and_leaves_it_running(
    start: Callable[..., Script],
    show_script: Callable[..., Shown],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    port = free_port()
    (home / "demo.py").write_text(APP)
    serving = f"import wesktop\nwesktop.serve('demo:app', port={port})"
    server = start("server", serving)
    wait_for(lambda: answers(f"http://127.0.0.1:{port}/pid"), "the server")
    shown = show_script("face", "demo", f"background={PAGE!r}, width=400, height=300", port)
    shown.ready()
    wait_for(lambda: shown.picture().corners() == {colour(PAGE)}, "the page")
    wait_for(lambda: attached() == 1, "the window's lease")  # a server that ends before is an error of run()'s

    server.process.send_signal(signal.SIGTERM)
    assert server.wait() == 0, server.output
    wait_for(lambda: noted(shown), "a note over the page")
    server = start("server", serving)
    shown.hear("drawn", times=2)
    wait_for(lambda: not noted(shown), "the note's end")

    shown.close()
    assert shown.script.wait() == 0, shown.script.output
    assert answers(f"{shown.url}/pid")
    assert [line for line in shown.remains() if "wesktop.window" in line or "WebKit" in line] == []
    server.process.send_signal(signal.SIGTERM)
    shown.gone()


def asking(title: str) -> Connection:
    """Ask the user, once the window is attached."""
    wait_for(lambda: attached() == 1, "the window's lease")
    connection = client.connect("demo")
    connection.send(Ask(question=Confirm(title=title)))
    return connection


def attached() -> int:
    """How many windows there are."""
    with contextlib.suppress(WesktopError):
        return client.status("demo").windows
    return 0


def test_a_dialog_closes_with_the_server_that_has_asked_and_the_next_can_ask(
    start: Callable[..., Script],
    show_script: Callable[..., Shown],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    port = free_port()
    (home / "demo.py").write_text(APP)
    serving = f"import wesktop\nwesktop.serve('demo:app', port={port})"
    server = start("server", serving)
    shown = show_script("face", "demo", "width=400, height=300", port)
    shown.ready()
    with asking("Rename?"):
        assert shown.dialog()
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0, server.output
        wait_for(lambda: shown.screen.windows("demo") == [shown.window], "the dialog's end")
    server = start("server", serving)
    with asking("Delete all?") as asker:
        shown.screen.key(shown.dialog(), "Return")
        assert asker.receive(20) == Answered(accepted=True)
    shown.close()
    assert shown.script.wait() == 0, shown.script.output
    server.process.send_signal(signal.SIGTERM)
    shown.gone(5)
