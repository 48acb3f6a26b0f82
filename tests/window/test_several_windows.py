"""Several windows on one server: open_window(), `wesktop ctl open --path`, and what ends with the last of them."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.scripts import Script, isolated_env
from support.waiting import wait_for
from window.desk_program import DeskProgram
from window.shown import Shown, processes_of

pytestmark = pytest.mark.window

COMMAND = str(Path(sys.executable).with_name("wesktop"))

Show = Callable[..., DeskProgram]


def command(shown: Shown, *args: str) -> "subprocess.CompletedProcess[str]":
    """`wesktop ctl` on the screen of the tests."""
    env = {**isolated_env(shown.home), "DISPLAY": shown.screen.display}
    return subprocess.run(
        [COMMAND, "ctl", *args],
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
    )


def windows(shown: Shown, count: int) -> list[str]:
    """All windows of the app, once they are so many."""
    wait_for(lambda: len(shown.screen.windows("desk")) == count, f"{count} windows")
    return shown.screen.windows("desk")


def window_processes(shown: Shown) -> list[str]:
    """The processes of its windows."""
    return [process for process in processes_of(shown.home) if "wesktop.window" in process]


@pytest.mark.parametrize("session", [True, False])
def test_a_handler_opens_a_window_at_a_path_and_run_lasts_until_the_last_is_closed(
    show_desk: Show, session: bool
) -> None:
    shown = show_desk(f"session={session}")
    first = shown.window
    shown.open(path="/notes/3#title", title="Note 3", width=500, height=350)
    shown.hear("at-/notes/3#title")
    (second,) = set(windows(shown, 2)) - {first}
    assert shown.screen.title(second) == "Note 3"
    picture = shown.screen.picture(second)
    assert (picture.width, picture.height) == (500, 350)
    shown.screen.close(first)
    wait_for(lambda: shown.screen.windows("desk") == [second], "the first window's end")
    wait_for(lambda: len(window_processes(shown)) == 1, "its process's")
    assert shown.get("/still/here")
    assert shown.script.process.poll() is None
    shown.screen.close(second)
    shown.ended_well()


def test_a_further_window_is_put_beside_the_first_and_closes_though_that_one_hides(show_desk: Show) -> None:
    shown = show_desk("on_close='hide'")
    shown.screen.place(shown.window, 300, 200, 450, 350)
    wait_for(lambda: shown.screen.area(shown.window)[2:] == (450, 350), "its new size")
    shown.open(path="/two")
    (second,) = set(windows(shown, 2)) - {shown.window}
    assert shown.screen.area(second)[2:] == (400, 300)
    shown.screen.close(second)
    wait_for(lambda: len(window_processes(shown)) == 1, "its end")
    shown.close()
    wait_for(lambda: shown.screen.windows("desk") == [], "the first one to be hidden")
    assert shown.get("/still/here")


def test_the_second_may_be_closed_first(show_desk: Show) -> None:
    shown = show_desk()
    first = shown.window
    shown.open(path="/two")
    (second,) = set(windows(shown, 2)) - {first}
    shown.hear("at-/two")
    shown.screen.close(second)
    wait_for(lambda: shown.screen.windows("desk") == [first], "its end")
    assert shown.script.process.poll() is None
    shown.screen.close(first)
    shown.ended_well()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_windows_end_with_the_caller(show_desk: Show, number: signal.Signals) -> None:
    shown = show_desk()
    shown.open(path="/two")
    windows(shown, 2)
    shown.script.process.send_signal(number)
    shown.script.wait()
    shown.gone(2)


def test_all_windows_end_with_a_supervisor_that_is_killed(show_desk: Show) -> None:
    shown = show_desk()
    shown.open(path="/two")
    windows(shown, 2)
    shown.script.find("wesktopd").send_signal(signal.SIGKILL)
    shown.ended_well(2)


def test_a_window_stays_though_the_worker_that_has_opened_it_is_killed(show_desk: Show) -> None:
    shown = show_desk()
    shown.open(path="/two")
    before = windows(shown, 2)
    worker = psutil.Process(shown.script.find("wesktopd.worker").pid)
    worker.kill()
    wait_for(lambda: shown.get("/another/worker"), "another worker")
    assert windows(shown, 2) == before
    for window in before:
        shown.screen.close(window)
    shown.ended_well()


def test_ctl_open_with_a_path_opens_another_and_without_one_brings_the_last_to_the_front(show_desk: Show) -> None:
    shown = show_desk("keep_alive=True")
    first = shown.window
    done = command(shown, "open", "desk", "--path", "/notes?order=new")
    assert done.stdout == "desk: a window is open\n", done.stderr
    shown.hear("at-/notes")
    windows(shown, 2)
    done = command(shown, "open", "desk")
    assert done.stdout == "desk: its window is in front\n"
    assert len(windows(shown, 2)) == 2
    shown.screen.close(first)
    assert shown.script.wait() == 0, "a server that stays needs no caller"
    assert command(shown, "stop", "desk").returncode == 0
    wait_for(
        lambda: [each for each in processes_of(shown.home) if "wesktop.window" in each], "the window waits for it"
    )


@pytest.mark.parametrize("path", ["//evil.example/", "notes", "/\\evil", "/ä", ""])
def test_a_path_that_leads_elsewhere_is_refused_in_one_line(show_desk: Show, path: str) -> None:
    shown = show_desk()
    done = command(shown, "open", "desk", "--path", path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "path must be" in done.stderr
    assert repr(path) in done.stderr
    assert len(windows(shown, 1)) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("path=3", "path must be a str, not 3"),
        ("width=3, name='desk'", "width must be"),
        ("title=3, name='desk'", "title must be"),
        ("name='none'", "'none' is not running"),
        ("name=3", "name must be a str, not 3"),
        ("name=''", "name must not be ''"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    show_desk: Show, start_script: Callable[..., Script], options: str, said: str
) -> None:
    show_desk()
    if "path=3" in options:
        options += ", name='desk'"
    other = start_script("other", f"import wesktop\nwesktop.open_window({options})")
    assert other.wait() == 1
    assert said in other.output.splitlines()[-1]


def test_from_outside_of_an_app_its_name_is_asked_for(start_script: Callable[..., Script]) -> None:
    other = start_script("other", "import wesktop\nwesktop.open_window()")
    assert other.wait() == 1
    assert "open_window() was called from outside of an app: say which one with name=." in other.output
