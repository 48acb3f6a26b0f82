"""Starts of one app that meet: it has one window, or each has its own where it is to; and what ends in between."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from support.screen import Screen
from support.scripts import free_port, isolated_env
from support.waiting import wait_for
from wesktopd import client
from window.shown import Shown

pytestmark = pytest.mark.window

APP = """
import wesktop
from window.desk import router

app = wesktop.create_app(router())
"""
COMMAND = str(Path(sys.executable).with_name("wesktop"))


class Starts:
    """Starts of the app `desk`."""

    def __init__(self, show: Callable[..., Shown], home: Path) -> None:
        (home / "desk.py").write_text(APP)
        self._show, self._home, self._port = show, home, free_port()
        self._number = 0

    def start(self, argument: str, options: str = "keep_alive=True") -> Shown:
        """Start it once more, with an argument."""
        self._number += 1
        options = f"width=400, height=300, arguments=[{argument!r}], {options}"
        return self._show(f"start{self._number}", "desk", options, self._port)

    def held(self, argument: str, options: str = "keep_alive=True") -> Shown:
        """The same; its window's process is stopped before it opens a window."""
        shown = self.start(argument, options)
        shown.script.find("wesktop.window").send_signal(signal.SIGSTOP)
        return shown

    def without_window(self) -> None:
        """Have the app run without a window."""
        shown = self.start("none")
        shown.hear(self.told("none"))
        shown.close()
        assert shown.script.wait() == 0, shown.script.output

    def told(self, argument: str) -> str:
        """What a page says that is told of a start."""
        detail = json.dumps({"arguments": [argument], "directory": str(self._home)}, separators=(",", ":"))
        return f"launch-/{quote(detail, safe='')}"


@pytest.fixture
def starts(show_script: Callable[..., Shown], home: Path, monkeypatch: pytest.MonkeyPatch) -> Starts:
    """Starts of the app."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    return Starts(show_script, home)


def hears_all(shown: Shown, *words: str) -> None:
    """Wait until the app's pages have said these, in any order."""
    wait_for(lambda: {*words} <= {*shown.said()}, lambda: f"{words} in {shown.said()}; {shown.script.output}")


def closed(shown: Shown) -> None:
    """Close the app's one window, and see that the start that has opened it ends."""
    (window,) = wait_for(
        lambda: shown.screen.windows("desk"), "its window"
    )  # its page may be sooner on a loaded machine
    shown.screen.close(window)
    assert shown.script.wait() == 0, shown.script.output


def attached() -> list[str]:
    """Who has taken a lease so far."""
    return [event.text for event in client.events("desk") if event.kind == "attached"]


def test_of_several_on_a_server_without_a_window_one_opens_it_and_is_raised_of_all(starts: Starts) -> None:
    starts.without_window()
    several = {name: starts.start(name) for name in ("one", "two", "three")}
    shown = several["one"]
    hears_all(shown, *map(starts.told, several))
    wait_for(lambda: [each.script.process.poll() for each in several.values()].count(0) == 2, "two to return")
    assert "3-of-this-page" in shown.said(), "one page has heard all"
    (left,) = [each for each in several.values() if each.script.process.poll() is None]
    closed(left)


def test_of_several_that_are_opened_by_the_command_there_is_one_window(
    starts: Starts, home: Path, screen: Screen
) -> None:
    starts.without_window()
    env = {**isolated_env(home), "DISPLAY": screen.display}
    opening = [
        subprocess.Popen([COMMAND, "ctl", "open", "desk"], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = sorted(each.communicate(timeout=40)[0] for each in opening)
    assert said == ["desk: a window is open\n", *2 * ["desk: its window is in front\n"]]
    assert client.status("desk").windows == 1
    wait_for(lambda: len(screen.windows("desk")) == 1, "the window")


@pytest.mark.parametrize(
    ("runs", "options"),
    [(True, "keep_alive=True"), (False, "keep_alive=True"), (False, "")],
    ids=["on a server that runs", "with a server that stays", "with a server of its own"],
)
def test_when_the_first_ends_before_its_window_opens_the_second_opens_one(
    starts: Starts, runs: bool, options: str
) -> None:
    if runs:
        starts.without_window()
    first = starts.held("first", options)
    wait_for(lambda: client.running() == ["desk"], "its server")
    if runs:
        wait_for(lambda: attached()[-1] == "caller attached", "its turn")
    second = starts.start("second", options)
    first.script.process.kill()
    second.hear(starts.told("second"))
    assert starts.told("first") not in second.said()
    closed(second)


@pytest.mark.parametrize("options", ["keep_alive=True", ""])
def test_a_server_that_ends_before_the_window_opens_is_started_anew(starts: Starts, options: str) -> None:
    starts.without_window()
    shown = starts.held("first", options)
    wait_for(lambda: attached()[-1] == "caller attached", "its turn")
    server = client.status("desk").pid
    client.stop("desk", 20)
    shown.hear(starts.told("first"))
    assert client.status("desk").pid != server
    closed(shown)


def test_a_worker_that_is_replaced_meanwhile_changes_nothing(starts: Starts) -> None:
    starts.without_window()
    first = starts.held("first")
    wait_for(lambda: attached()[-1] == "caller attached", "its turn")
    second = starts.start("second")
    client.restart("desk")
    first.script.find("wesktop.window").send_signal(signal.SIGCONT)
    hears_all(first, starts.told("first"), starts.told("second"))
    assert second.script.wait() == 0, second.script.output
    closed(first)


def test_arguments_that_are_too_long_keep_no_window_from_opening_where_there_is_none(starts: Starts) -> None:
    starts.without_window()
    shown = starts.start(f"{'x' * 70_000}")
    wait_for(lambda: client.status("desk").windows == 1, "its window")
    assert "'desk' does not get its arguments: the arguments are longer than 64,512 bytes" in shown.script.output
    assert shown.window
    closed(shown)


def test_a_start_just_after_the_window_was_closed_opens_another(starts: Starts, screen: Screen) -> None:
    starts.without_window()
    shown = starts.start("one")
    shown.hear(starts.told("one"))
    screen.close(shown.window)
    wait_for(lambda: not screen.windows("desk"), "its end")
    again = starts.start("two")
    again.hear(starts.told("two"))
    closed(again)
