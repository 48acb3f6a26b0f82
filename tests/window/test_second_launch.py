"""What a second start of an app does: second_launch="focus", "window" or a function of the app's."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from support.screen import Screen
from support.scripts import Script, free_port, isolated_env
from support.waiting import wait_for
from wesktopd import client
from wesktopd.wire.control_messages import MAX_PASSED_ON, encode
from wesktopd.wire.window_messages import Launch
from window.shown import Shown

pytestmark = pytest.mark.window

PROGRAM = """
import asyncio
import threading
from pathlib import Path
import wesktop
from window.desk import router

app = wesktop.create_app(router())

def go(arguments, directory):
    return arguments[0] if arguments else None

async def go_later(arguments, directory):
    await asyncio.sleep(0)
    print(f"launched with {{arguments}} in {{directory}}")
    return arguments[0] if arguments else None

def breaks(arguments, directory):
    raise OSError("it breaks")

def returns_nonsense(arguments, directory):
    return 3

def quits(arguments, directory):
    raise SystemExit(2)  # as argparse does

async def quits_later(arguments, directory):
    raise SystemExit(2)

def returns_a_long_path(arguments, directory):
    return "/" + 1100 * "x"

def blocks(arguments, directory):
    print("blocked")
    threading.Event().wait()

nothing = 5

if __name__ == "__main__":
    wesktop.run("desk:app", width=400, height=300, pid_path=Path("desk.pid"), port={port}, {options})
    print("run() has returned")
"""
AGAIN = "from pathlib import Path\nimport wesktop\nwesktop.run('desk:app', port={port}, {options})\nprint('returned')"

TESTS = str(Path(__file__).parent.parent)
COMMAND = str(Path(sys.executable).with_name("wesktop"))
UNRESERVED = "!'()*"  # that encodeURIComponent leaves as they are, and quote does not


class Desk:
    """The program of these tests, and starts of it."""

    def __init__(self, start: Callable[..., Script], screen: Screen, home: Path) -> None:
        self.start, self.screen, self.home = start, screen, home
        self.port = free_port()
        self.starts = 0

    def first(self, options: str = "", *args: str, page: str = "/") -> Shown:
        """Start it, and wait for its page."""
        script = self.start("desk", PROGRAM.format(port=self.port, options=options), *args)
        self.shown = Shown(script, "desk", self.home, self.screen, self.port)
        self.shown.hear(f"at-{page}")
        assert self.shown.window
        return self.shown

    def again(self, *args: str, options: str = "") -> Script:
        """Start it once more, by another script."""
        self.starts += 1
        return self.start(f"again{self.starts}", AGAIN.format(port=self.port, options=options), *args)

    def told(self, where: str, *arguments: str) -> str:
        """What the page at `where` says of a launch."""
        detail = {"arguments": [*arguments], "directory": str(self.home)}
        text = json.dumps(detail, separators=(",", ":"), ensure_ascii=False)
        return f"launch-{where}{quote(text, safe=UNRESERVED)}"


@pytest.fixture
def desk(start_script: Callable[..., Script], screen: Screen, home: Path) -> Desk:
    """The program."""
    screen.wait_until_empty()

    def start(name: str, source: str, *args: str) -> Script:
        return start_script(name, source, *args, DISPLAY=screen.display, PYTHONPATH=f"{TESTS}:{home}")

    return Desk(start, screen, home)


HOSTILE = ["notes://open/3?a=b&c", "Grüße</script>", "--flag", "'\"\\`${x}", "\u2028"]


def test_the_page_in_front_is_handed_the_arguments(desk: Desk) -> None:
    shown = desk.first()
    again = desk.again(*HOSTILE)
    assert again.wait() == 0, again.output
    shown.hear(desk.told("/", *HOSTILE))
    assert shown.screen.windows("desk") == [shown.window]
    wait_for(lambda: shown.screen.active() == int(shown.window, 16), "its focus")
    shown.close()
    shown.ended_well()


HELD = """
import sys
from pathlib import Path

if "wesktop.window" in sys.orig_argv:
    import atexit
    import os
    import time

    def hold():
        while Path("held").exists():
            time.sleep(0.01)

    os._exit = lambda _: None  # by which it would end in time
    atexit.register(hold)
"""


def test_a_window_that_is_closed_is_none_any_more_though_its_process_has_not_ended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(desk.home / "run"))
    (desk.home / "sitecustomize.py").write_text(HELD)
    (desk.home / "held").touch()
    shown = desk.first("keep_alive=True")
    shown.close()
    wait_for(lambda: client.status("desk").windows == 0, "the server to know of its end")
    (desk.home / "held").unlink()
    shown.script.wait()


@pytest.mark.parametrize("argument", ["notes://open/1", "ü" * 30_000], ids=["short", "long"])
def test_the_first_start_hands_over_its_arguments_too(desk: Desk, argument: str) -> None:
    shown = desk.first("", argument)
    shown.hear(desk.told("/", argument))
    shown.close()
    shown.ended_well()


def test_the_commands_arguments_are_handed_over(desk: Desk) -> None:
    shown = desk.first()
    done = subprocess.run(
        [COMMAND, "run", "desk:app", "--port", str(desk.port), "--", "notes://open/3", "--flag"],
        cwd=desk.home,
        env={**isolated_env(desk.home), "DISPLAY": desk.screen.display, "PYTHONPATH": TESTS},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown.hear(desk.told("/", "notes://open/3", "--flag"))
    shown.close()
    shown.ended_well()


def test_without_arguments_the_first_start_tells_nothing_and_the_second_does(desk: Desk) -> None:
    shown = desk.first()
    desk.again().wait()
    shown.hear(desk.told("/"))
    assert sum(said.startswith("launch") for said in shown.said()) == 1
    shown.close()
    shown.ended_well()


def test_another_window_is_opened_and_is_the_one_that_is_raised(desk: Desk) -> None:
    shown = desk.first("second_launch='window'")
    again = desk.again("/a/file", options="width=420, height=310")
    shown.hear(desk.told("/", "/a/file"))
    wait_for(lambda: len(shown.screen.windows("desk")) == 2, "another window")
    assert shown.said().count("at-/") == 2
    (second,) = set(shown.screen.windows("desk")) - {shown.window}
    shown.close()
    wait_for(lambda: shown.screen.windows("desk") == [second], "the first window's end")
    assert None is shown.script.process.poll() is again.process.poll(), "one waits for the other's window"
    shown.screen.close(second)
    assert again.wait() == 0, again.output
    shown.ended_well()


def test_of_several_starts_at_once_each_has_a_window_that_is_raised_of_it_alone(desk: Desk) -> None:
    shown = desk.first("second_launch='window'", "first")
    again = [desk.again(f"/file/{number}") for number in range(3)]
    told = {desk.told("/", "first"), *(desk.told("/", f"/file/{number}") for number in range(3))}
    wait_for(lambda: told <= {*shown.said()}, lambda: f"{told} in {shown.said()}")
    wait_for(lambda: sum("-of-this-page" in said for said in shown.said()) >= 4, "each page's count")
    assert shown.said().count("1-of-this-page") == 4, shown.said()
    wait_for(lambda: len(shown.screen.windows("desk")) == 4, "the window of each")
    for window in shown.screen.windows("desk"):
        shown.screen.close(window)
    for each in again:
        assert each.wait() == 0, each.output
    shown.ended_well()


@pytest.mark.parametrize("function", ["desk:go", "desk:go_later", "__main__:go"])
@pytest.mark.parametrize("session", [True, False])
def test_a_function_of_the_app_leads_the_window_to_a_page(desk: Desk, function: str, session: bool) -> None:
    shown = desk.first(f"second_launch={function!r}, session={session}")
    other = desk.again("/notes/3?from=link#end")
    assert other.wait() == 0, other.output
    shown.hear("at-/notes/3#end")
    assert shown.screen.windows("desk") == [shown.window]
    assert not [said for said in shown.said() if said.startswith("launch")]
    if function == "desk:go_later":
        wait_for(
            lambda: f"launched with ['/notes/3?from=link#end'] in {desk.home}" in shown.script.output, "its line"
        )
    shown.close()
    shown.ended_well()


def test_the_function_hears_of_the_first_start_too(desk: Desk) -> None:
    shown = desk.first("second_launch='desk:go'", "/notes/1", page="/notes/1")
    shown.close()
    shown.ended_well()


@pytest.mark.parametrize(
    ("function", "argument", "said"),
    [
        ("desk:breaks", "", "OSError: it breaks"),
        ("desk:quits", "", "SystemExit: 2"),
        ("desk:quits_later", "", "it called sys.exit(2)"),
        ("desk:returns_a_long_path", "", "it returned a path of 1101 characters: 1024 are allowed."),
        ("desk:returns_nonsense", "", "it returned 3: return a path of the app, or None."),
        (
            "desk:go",
            "https://evil.example/",
            "what 'desk:go' returned is refused: path must be",
        ),
        ("desk:go", "//evil.example/", "is refused: path must be"),
        ("desk:go", "/notes/../danger", "is refused: path must be"),
        ("desk:go", "/notes/%2E%2e/danger", "is refused: path must be"),
    ],
)
def test_a_function_that_fails_is_in_the_log_and_the_page_stays(
    desk: Desk, function: str, argument: str, said: str
) -> None:
    shown = desk.first(f"second_launch={function!r}")
    worker = shown.script.find("wesktopd.worker").pid
    assert desk.again(argument).wait() == 0
    wait_for(lambda: said in shown.script.output, lambda: f"{said!r} in {shown.script.output}")
    desk.again("/still/here").wait()
    if function == "desk:go":
        shown.hear("at-/still/here")
    assert shown.script.find("wesktopd.worker").pid == worker
    shown.close()
    shown.ended_well()


def test_a_function_that_never_returns_keeps_nothing_from_ending(desk: Desk) -> None:
    shown = desk.first("second_launch='desk:blocks'")
    assert desk.again().wait() == 0
    wait_for(lambda: "blocked" in shown.script.output, "its call")
    shown.close()
    shown.ended_well()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'back'", "second_launch 'back' is unknown: give 'focus', 'window', or a function as 'myapp:on_launch'."),
        ("'a b:c'", "second_launch 'a b:c' is unknown"),
        ("print", "second_launch must be"),
        ("'desk:missing'", "'desk:missing': module 'desk' has no attribute 'missing'."),
        ("'desk:nothing'", "'desk:nothing' is of type int, not a function."),
        ("'focus', arguments='a b'", "arguments 'a b' is not a list of strings."),
        ("'focus', arguments=[3]", "arguments [3] is not a list of strings."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_at_the_first_start(desk: Desk, value: str, said: str) -> None:
    script = desk.start("desk", PROGRAM.format(port=desk.port, options=f"second_launch={value}"))
    assert script.wait() == 1
    assert said in script.output.splitlines()[-1]


def test_a_server_without_a_window_gets_one_that_is_raised(desk: Desk) -> None:
    shown = desk.first("keep_alive=True")
    shown.close()
    shown.script.wait()
    again = desk.again("late", options="keep_alive=True")
    shown.hear(desk.told("/", "late"))
    shown.screen.close(shown.screen.window("desk"))
    assert again.wait() == 0, again.output


AT_ONCE = """
import time
import wesktop
from wesktop.errors import ControlError, NotRunningError
from wesktopd import client

while True:
    try:
        client.status("desk")
    except (ControlError, NotRunningError):
        time.sleep(0.005)
    else:
        break
wesktop.run("desk:app", port={port}, keep_alive=True)
"""


def test_a_start_just_after_the_first_of_a_server_that_stays_is_raised_to_its_window(desk: Desk) -> None:
    script = desk.start("desk", PROGRAM.format(port=desk.port, options="keep_alive=True"))
    again = desk.start("again", AT_ONCE.format(port=desk.port), "two")
    shown = Shown(script, "desk", desk.home, desk.screen, desk.port)
    shown.hear(desk.told("/", "two"))
    assert again.wait() == 0, again.output
    shown.screen.close(shown.window)  # which is the only one
    assert script.wait() == 0, script.output


def test_as_many_arguments_as_fit_reach_the_page_and_more_are_refused_in_one_sentence(desk: Desk) -> None:
    shown = desk.first()
    most = MAX_PASSED_ON - len(encode(Launch(arguments=[""], directory=str(desk.home))))
    again = desk.again(options=f"arguments=['x' * {most + 1}]")
    assert again.wait() == 1
    assert "the arguments are longer than 64,512 bytes: give less." in again.output
    assert desk.again(options=f"arguments=['x' * {most}]").wait() == 0
    shown.hear(desk.told("/", "x" * most))
    shown.close()
    shown.ended_well()
