"""run(keep_alive=True): the server outlives its window, and the next run() attaches to it."""

import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.screen import Screen
from support.scripts import Script, free_port
from support.waiting import wait_for
from wesktopd import client
from window.shown import Shown, processes_of, program

pytestmark = pytest.mark.window

Show = Callable[..., Shown]
KEEP = "keep_alive=True"


@pytest.fixture(autouse=True)
def controlled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Talk to the programs' servers from here."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))


def closed(shown: Shown) -> None:
    """Close the window, and wait until `run()` has returned."""
    shown.close()
    assert shown.script.wait() == 0, shown.script.output
    assert "run() has returned" in shown.script.output


def ended(shown: Shown) -> None:
    """Stop the server, and see that nothing is left."""
    client.stop(shown.name, 20)
    shown.gone(5)


def test_closing_the_window_leaves_the_server_and_the_next_run_attaches_to_it(show: Show) -> None:
    port = free_port()
    first = show(KEEP, port=port).ready()
    worker = first.worker()
    first.script.tree()
    closed(first)
    assert first.worker() == worker
    assert client.status("demo").windows == 0
    second = show(KEEP, port=port)
    second.hear("drawn", 2)
    assert second.window
    assert second.worker() == worker
    wait_for(lambda: client.status("demo").windows == 1, "the window to be attached: the page goes first")
    closed(second)
    assert second.worker() == worker
    ended(second)


@pytest.mark.parametrize(("module", "number"), [("wesktop.window", signal.SIGKILL), (None, signal.SIGKILL),
                                                (None, signal.SIGINT)])  # fmt: skip
def test_however_the_window_or_the_caller_ends_the_server_stays(
    show: Show, module: str | None, number: signal.Signals
) -> None:
    shown = show(KEEP).ready()
    worker = shown.worker()
    victim = shown.script.find(module) if module else psutil.Process(shown.script.pid)
    victim.send_signal(number)
    shown.script.wait()
    wait_for(lambda: client.status("demo").windows == 0, "the window's end")
    wait_for(lambda: len(processes_of(shown.home)) == 2, "supervisor and worker alone")
    assert shown.worker() == worker
    ended(shown)


def test_stopping_the_server_closes_the_window_and_run_returns(show: Show) -> None:
    shown = show(KEEP).ready()
    client.stop("demo", 20)
    shown.ended_well(5)


def test_nothing_is_left_of_an_app_that_does_not_start(show_script: Callable[..., Shown], home: Path) -> None:
    (home / "broken.py").write_text("1 / 0")
    shown = show_script("launcher", "broken", KEEP, free_port())
    assert shown.script.wait() == 1
    assert "ZeroDivisionError" in shown.script.output
    shown.gone(5)


def test_of_two_starts_at_once_there_is_one_window_and_one_server(
    show_script: Callable[..., Shown], show: Show
) -> None:
    port = free_port()
    first = show(KEEP, port=port)
    second = show_script("again", "demo", f"width=400, height=300, {KEEP}", port)
    first.hear("drawn")
    wait_for(lambda: None in (first.script.process.poll(), second.script.process.poll()) and
             {0} & {first.script.process.poll(), second.script.process.poll()}, "one to return")  # fmt: skip
    assert client.status("demo").windows == 1
    wait_for(lambda: len(first.screen.windows("demo")) == 1, "one window")
    closing = first if first.script.process.poll() is None else second
    closing.close()
    assert closing.script.wait() == 0
    ended(first)


@pytest.mark.long
def test_an_open_window_carries_on_through_a_restart_and_an_upgrade(show: Show) -> None:
    page = """script='''
        let n = 0, beats = 0;
        setInterval(() => fetch("/pid").then(answer => { if (answer.ok && n++ % 20 == 0) say("fetched"); },
                                             () => say("failed")), 10);
        new EventSource("/stream").onmessage = () => { if (beats++ % 5 == 0) say("streamed"); };
        new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node => {
                if (node.id === "wesktop-note") say("noted");
            })))
            .observe(document.documentElement, {childList: true});
    '''"""
    shown = show(KEEP, page).ready()
    before = shown.worker()
    goes_on(shown)
    client.restart("demo")
    assert shown.worker() != before
    goes_on(shown)
    client.upgrade("demo")
    goes_on(shown)
    assert client.status("demo").windows == 1
    assert shown.said().count("drawn") == 1, "the page was not loaded again"
    assert {"failed", "noted"}.isdisjoint(shown.said())
    closed(shown)
    ended(shown)


def goes_on(shown: Shown) -> None:
    """Wait until the page has heard more of the server, by requests and by its stream."""
    heard = {word: shown.said().count(word) for word in ("fetched", "streamed")}
    for word, times in heard.items():
        shown.hear(word, times + 2)


def test_the_servers_memory_is_there_for_the_next_window(show: Show) -> None:
    port = free_port()
    count = 'script=\'fetch("/count").then(answer => answer.text()).then(count => say("count-" + count))\''
    first = show(KEEP, count, port=port).ready()
    first.hear("count-1")
    closed(first)
    second = show(KEEP, count, port=port)
    second.hear("count-2")
    closed(second)
    ended(second)


def test_nobody_needs_to_read_what_the_app_prints_once_its_caller_has_ended(show: Show) -> None:
    shown = show(KEEP).ready()
    closed(shown)
    for _ in range(3):
        assert shown.get("/print")
    wait_for(lambda: sum(line.text == "printed" for line in client.logs("demo", None)) == 3, "the lines in the log")
    ended(shown)


def test_a_window_opens_where_no_control_socket_can_be_made(show: Show, home: Path) -> None:
    (home / "run" / "wesktop" / "demo.sock" / "taken").mkdir(parents=True)
    shown = show("").ready()
    assert "no control socket" in shown.script.output
    shown.close()
    assert shown.script.wait() == 0, shown.script.output
    wait_for(lambda: not processes_of(shown.home), "its end")


@pytest.mark.parametrize(
    ("options", "env", "said"),
    [(KEEP, {"DISPLAY": ""}, "there is no display"), (f"{KEEP}, window={{'sise': 1}}", {}, "window option 'sise'")],
)
def test_where_no_window_can_be_opened_no_server_is_left(
    start: Callable[..., Script], home: Path, options: str, env: dict[str, str], said: str
) -> None:
    script = start("demo", program("demo", f"port={free_port()}, {options}"), **env)
    assert script.wait() == 1
    assert said in script.output
    wait_for(lambda: not processes_of(home), "its end")


def test_a_caller_that_goes_on_is_warned_of_nothing_and_keeps_no_zombie(
    start: Callable[..., Script], screen: Screen, home: Path
) -> None:
    source = program("demo", f"port={free_port()}, {KEEP}") + (
        "    import time\n    while not Path('end').exists():\n        time.sleep(0.01)\n"
    )
    script = start("demo", source, PYTHONWARNINGS="always::ResourceWarning")
    screen.close(wait_for(lambda: screen.windows("demo"), "the window")[0])
    wait_for(lambda: "run() has returned" in script.output, "its return")
    client.stop("demo", 20)
    wait_for(lambda: not psutil.Process(script.pid).children(), "no child, not even a zombie")
    (home / "end").touch()
    assert script.wait() == 0
    assert "ResourceWarning" not in script.output
