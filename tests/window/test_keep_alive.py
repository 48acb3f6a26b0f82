"""run(keep_alive=True): the server outlives its window, and the next run() attaches to it."""

import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.scripts import answers, free_port, get
from support.waiting import wait_for
from wesktopd import client
from window.shown import Shown, processes_of

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
    assert client.status("demo").windows == 1
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
    assert len(first.screen.windows("demo")) == 1
    closing = first if first.script.process.poll() is None else second
    closing.close()
    assert closing.script.wait() == 0
    ended(first)


def test_an_open_window_carries_on_through_a_restart_and_an_upgrade(show: Show) -> None:
    page = """script='''
        let n = 0;
        setInterval(() => fetch("/pid").then(answer => { if (answer.ok && n++ % 20 == 0) say("fetched"); },
                                             () => say("failed")), 10);
        new EventSource("/stream").onmessage = () => { document.title = "streamed"; };
    '''"""
    shown = show(KEEP, page).ready()
    before = shown.worker()
    shown.hear("fetched", 2)
    client.restart("demo")
    wait_for(lambda: shown.worker() != before, "the new code")
    shown.hear("fetched", shown.said().count("fetched") + 2)
    client.upgrade("demo")
    said = shown.said().count("fetched")
    shown.hear("fetched", said + 2)
    assert client.status("demo").windows == 1
    assert shown.said().count("drawn") == 1, "the page was not loaded again"
    assert "failed" not in shown.said()
    closed(shown)
    ended(shown)


def test_what_reads_the_callers_output_may_end(show: Show) -> None:
    shown = show(KEEP).ready()
    closed(shown)
    get(f"{shown.url}/pid")
    assert answers(f"{shown.url}/pid")
    ended(shown)
