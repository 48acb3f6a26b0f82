"""Several windows, second launches, dialogs and notifications on Qt, in short; run by `make test-qt`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.notifications import own_bus
from support.waiting import wait_for
from window.desk_program import DeskProgram

pytestmark = [pytest.mark.window, pytest.mark.qt]

Show = Callable[..., DeskProgram]


def test_windows_and_their_focus_on_qt(show_desk: Show) -> None:
    desk = show_desk("gui='qt'")
    desk.open(path="/two")
    desk.hear("at-/two")
    wait_for(lambda: len(desk.screen.windows("desk")) == 2, "another window")
    (second,) = set(desk.screen.windows("desk")) - {desk.window}
    for window in (desk.window, second, desk.window):
        desk.focus_and_ask(window)
    desk.close()
    desk.screen.close(second)
    desk.ended_well(3)


@pytest.mark.parametrize("function", ["open_file", "open_files", "save_file"])
def test_files_are_chosen_on_qt(show_desk: Show, home: Path, function: str) -> None:
    (home / "one.txt").write_text("")
    name = "new.txt" if function == "save_file" else "one.txt"
    desk = show_desk("gui='qt'")
    asking = desk.asking(function, title="Which?", directory=str(home), types={"Texts (all)": ["*.txt"]})
    desk.titled("Which?")
    desk.type("ctrl+a", f":{home / name}", "Return")
    path = str(home / name)
    assert asking.answer() == ([path] if function == "open_files" else path)


def test_a_folder_is_chosen_on_qt(show_desk: Show, home: Path) -> None:
    desk = show_desk("gui='qt'")
    asking = desk.asking("choose_folder", title="Where?", directory=str(home / "state"))
    desk.titled("Where?")
    desk.type("ctrl+a", f":{home / 'run'}", "Return")
    assert asking.answer() == str(home / "run")


@pytest.mark.parametrize(
    ("function", "key", "answer"),
    [
        ("confirm", "Return", True),
        ("confirm", "Escape", False),
        ("message", "Return", None),
        ("message", "Escape", None),
    ],
)
def test_the_user_answers_on_qt(show_desk: Show, function: str, key: str, answer: bool | None) -> None:
    desk = show_desk("gui='qt'")
    asking = desk.asking(function, title="Delete <b>3</b> & more?", text="<i>They</i> are gone then.")
    wait_for(lambda: desk.screen.active() not in (0, int(desk.window, 16)), "the dialog's focus")
    desk.type(key)
    assert asking.answer() is answer


def test_a_dialog_closes_when_who_has_asked_is_gone_on_qt(show_desk: Show) -> None:
    desk = show_desk("gui='qt'")
    desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    desk.script.find("wesktopd.worker").kill()
    wait_for(lambda: "Choose" not in desk.screen.listing(), "its end")


def test_a_notification_on_qt(show_desk: Show, home: Path) -> None:
    with own_bus(home) as bus, bus.serving("body-markup"):
        desk = show_desk("gui='qt'", DBUS_SESSION_BUS_ADDRESS=bus.address)
        assert desk.asking("notify", title="Grüße", body="a < b").answer() is True
        assert bus.wait() == ["desk", 0, "", "Grüße", "a &lt; b", [], {"desktop-entry": "desk"}, -1]


def test_without_a_service_a_notification_is_not_shown_on_qt(show_desk: Show, home: Path) -> None:
    with own_bus(home) as bus:
        desk = show_desk("gui='qt'", DBUS_SESSION_BUS_ADDRESS=bus.address)
        assert desk.asking("notify", title="a").answer() is False
