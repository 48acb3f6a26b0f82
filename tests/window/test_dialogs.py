"""Dialogs that handlers of the app open: the user chooses, cancels, closes; and what stands in the way."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.scripts import Script
from support.waiting import wait_for
from wesktopd import client
from wesktopd.wire.window_messages import Launch
from window.desk_program import DeskProgram

pytestmark = pytest.mark.window

Show = Callable[..., DeskProgram]
EITHER = pytest.mark.parametrize("path", ["/ask", "/ask/blocking"], ids=["async", "blocking"])


@pytest.fixture
def files(home: Path) -> Path:
    """A directory with files."""
    made = home / "files"
    made.mkdir()
    for name in ("one.txt", "two.TXT", "Grüße & <drei>.txt", "picture.png"):
        (made / name).write_text(name)
    return made


@EITHER
def test_a_file_is_chosen(desk: DeskProgram, files: Path, path: str) -> None:
    asking = desk.asking("open_file", path, title="Which one?", directory=str(files))
    desk.choose("Which one?", files / "one.txt")
    assert asking.answer() == str(files / "one.txt")


@EITHER
@pytest.mark.parametrize(
    ("function", "nothing"), [("open_file", None), ("open_files", []), ("save_file", None), ("choose_folder", None)]
)
def test_a_dialog_that_is_cancelled_gives_nothing(
    desk: DeskProgram, path: str, function: str, nothing: object
) -> None:
    asking = desk.asking(function, path, title="Choose")
    desk.titled("Choose")
    desk.type("Escape")
    assert asking.answer() == nothing


def test_closing_the_dialog_by_its_frame_is_cancelling_it(desk: DeskProgram) -> None:
    asking = desk.asking("open_file", title="Choose")
    desk.screen.close(desk.titled("Choose"))
    assert asking.answer() is None


def test_several_files_are_chosen_and_only_of_the_types_that_are_offered(desk: DeskProgram, files: Path) -> None:
    asking = desk.asking("open_files", title="Texts", directory=str(files), types={"Texts": ["*.txt"], "All": ["*"]})
    desk.titled("Texts")
    desk.type("Down", "ctrl+a", "Return")
    wanted = {str(files / name) for name in ("one.txt", "two.TXT", "Grüße & <drei>.txt")}
    assert set(asking.answer()) == wanted


def test_a_place_to_save_in_is_proposed_and_taken(desk: DeskProgram, files: Path) -> None:
    asking = desk.asking("save_file", title="Save", directory=str(files), file_name="new.txt")
    desk.titled("Save")
    desk.type("Return")
    assert asking.answer() == str(files / "new.txt")


def test_before_an_existing_file_is_overwritten_the_user_is_asked(desk: DeskProgram, files: Path) -> None:
    asking = desk.asking("save_file", title="Save", directory=str(files), file_name="one.txt")
    first = desk.titled("Save")
    desk.type("Return")
    wait_for(lambda: desk.screen.active() != int(first, 16), "a second question")
    desk.type("Escape")
    wait_for(lambda: desk.screen.active() == int(first, 16), "the first one again")
    desk.type("Escape")
    assert asking.answer() is None


def test_a_folder_is_chosen(desk: DeskProgram, files: Path) -> None:
    asking = desk.asking("choose_folder", title="Where?")
    desk.choose("Where?", files)
    assert asking.answer() == str(files)


@EITHER
@pytest.mark.parametrize(("key", "agreed"), [("Return", True), ("Escape", False), ("alt+c", False)])
def test_the_user_agrees_or_does_not(desk: DeskProgram, path: str, key: str, agreed: bool) -> None:
    asking = desk.asking(
        "confirm", path, title="Delete <b>3</b> notes & more?", text="They are gone then.", accept="Delete_them"
    )
    wait_for(lambda: desk.screen.active() not in (0, int(desk.window, 16)), "the dialog's focus")
    desk.type(key)
    assert asking.answer() is agreed


def test_something_is_raised(desk: DeskProgram) -> None:
    asking = desk.asking("message", title="Done", text="All of it.")
    wait_for(lambda: desk.screen.active() not in (0, int(desk.window, 16)), "the dialog's focus")
    desk.type("Return")
    assert asking.answer() is None


def test_the_dialog_is_above_a_window_that_covers_the_apps(show_desk: Show, show: Callable[..., object]) -> None:
    desk = show_desk()
    other = show(name="other").ready()  # type: ignore[attr-defined]
    wait_for(lambda: desk.screen.active() == int(other.window, 16), "the other's focus")
    asking = desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    desk.type("Escape")
    assert asking.answer() is None


def test_it_is_asked_on_the_window_that_had_the_focus_last(show_desk: Show) -> None:
    desk = show_desk()
    desk.open(path="/two")
    wait_for(lambda: len(desk.screen.windows("desk")) == 2, "another window")
    (second,) = set(desk.screen.windows("desk")) - {desk.window}
    for window in (desk.window, second):
        desk.focus_and_ask(window)


def test_a_second_dialog_is_refused_while_one_is_open(desk: DeskProgram) -> None:
    asking = desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    assert desk.asking("confirm", title="Sure?").answer() == (
        "DialogOpenError",
        "the window has a dialog open already: ask when that is answered.",
    )
    desk.type("Escape")
    assert asking.answer() is None


def test_a_window_that_goes_away_answers_no_more(show_desk: Show) -> None:
    desk = show_desk("keep_alive=True")
    asking = desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    desk.script.find("wesktop.window").kill()
    assert asking.answer() == ("NoWindowError", "the window was closed before the user had answered.")
    assert desk.script.wait() == 1, "the window was killed"
    assert desk.asking("open_file", title="Choose").answer() == (
        "NoWindowError",
        "the app has no window: open one by wesktop.open_window() or `wesktop ctl open`.",
    )


@EITHER
def test_a_dialog_closes_when_who_has_asked_is_gone(show_desk: Show, path: str) -> None:
    desk = show_desk()
    desk.asking("open_file", path, title="Choose")
    desk.titled("Choose")
    desk.script.find("wesktopd.worker").kill()
    wait_for(lambda: "Choose" not in desk.screen.listing(), "its end")
    wait_for(lambda: desk.get("/again"), "another worker")
    asking = desk.asking("open_file", title="Again")
    desk.titled("Again")
    desk.type("Escape")
    assert asking.answer() is None


def test_a_dialog_closes_at_an_upgrade_which_forgets_who_has_asked(
    show_desk: Show, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    desk = show_desk("keep_alive=True")
    asking = desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    client.upgrade("desk")
    assert asking.answer()[0] == "ControlError"
    wait_for(lambda: "Choose" not in desk.screen.listing(), "its end")
    asking = desk.asking("open_file", title="Again", directory=str(home))
    desk.choose("Again", home / "desk.py")
    assert asking.answer() == str(home / "desk.py")
    desk.close()
    client.stop("desk", 20)


def test_a_dialog_closes_when_its_task_is_cancelled(desk: DeskProgram) -> None:
    asking = desk.asking("open_file", "/ask/until", title="Choose")
    desk.titled("Choose")
    (desk.home / "desk.over").touch()
    assert asking.answer() == "too late"
    wait_for(lambda: "Choose" not in desk.screen.listing(), "its end")


LEAVES = {
    "reloaded": "location.reload()",
    "left": "location.href = '/elsewhere'",
    "its request given up": "asking.abort()",
}
ASKS = """
    const asking = new AbortController();
    addEventListener("wesktop:launch", event => {
        if (event.detail.arguments[0] === "ask") {
            const body = JSON.stringify(["open_file", {title: "Choose"}]);
            fetch("/ask/while-connected", {method: "POST", body, signal: asking.signal});
        } else {
            LEAVES;
        }
    });
"""


@pytest.mark.parametrize("leaves", LEAVES.values(), ids=[*LEAVES])
def test_a_dialog_closes_with_the_request_of_a_page_that_is_gone(
    show_desk: Show, home: Path, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    desk = show_desk(script=ASKS.replace("LEAVES", leaves))
    client.show("desk", Launch(arguments=["ask"], directory="/"))
    desk.titled("Choose")
    client.show("desk", Launch(arguments=["leave"], directory="/"))
    desk.hear("answered-None")
    wait_for(lambda: "Choose" not in desk.screen.listing(), "its end")


def test_a_dialog_is_answered_to_a_page_that_stays(desk: DeskProgram, files: Path) -> None:
    asking = desk.asking("open_file", "/ask/while-connected", title="Choose", directory=str(files))
    desk.choose("Choose", files / "one.txt")
    assert asking.answer() == str(files / "one.txt")


def test_the_app_ends_while_a_dialog_is_open(show_desk: Show) -> None:
    desk = show_desk()
    desk.asking("open_file", title="Choose")
    desk.titled("Choose")
    desk.script.process.send_signal(signal.SIGINT)
    desk.gone(8)


def test_a_script_asks_by_the_apps_name(desk: DeskProgram, start_script: Callable[..., Script], files: Path) -> None:
    asks = f"blocking.open_file('Choose', directory={str(files)!r}, name='desk')"
    source = f"from wesktop.dialogs import blocking\nprint({asks})"
    script = start_script("asks", source, XDG_RUNTIME_DIR=str(desk.home / "run"))
    desk.choose("Choose", files / "one.txt")
    assert script.wait() == 0
    assert script.output == f"{files}/one.txt\n"


def test_what_does_not_fit_is_refused_before_anybody_is_asked(desk: DeskProgram) -> None:
    kind, said = desk.asking("open_file", types={"A": []}).answer()
    assert kind == "ConfigurationError"
    assert "not []" in said


def test_a_name_that_is_no_utf_8_is_an_error_in_one_sentence(desk: DeskProgram, files: Path) -> None:
    directory = files / "only"
    directory.mkdir()
    (Path(os.fsdecode(os.fsencode(directory) + b"/bad\xff.txt"))).write_text("")
    asking = desk.asking("open_files", title="Choose", directory=str(directory))
    desk.titled("Choose")
    desk.type("Down", "ctrl+a", "Return")
    kind, said = asking.answer()
    assert kind == "WindowError"
    assert "is not UTF-8: rename the file." in said
