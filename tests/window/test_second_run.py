"""The same app started twice, and two apps of one name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.scripts import Script, free_port
from support.waiting import wait_for
from window.shown import Shown

pytestmark = pytest.mark.window

AGAIN = "import wesktop\nwesktop.run('demo:app')"


def test_a_second_run_brings_the_first_window_to_the_front(
    show: Callable[..., Shown], start: Callable[..., Script]
) -> None:
    shown = show().ready()
    other = show(name="other").ready()
    wait_for(lambda: other.screen.active() == int(other.window, 16), "the other window's focus")
    again = start("again", AGAIN)
    assert again.wait(5) == 0, again.output
    wait_for(lambda: shown.screen.active() == int(shown.window, 16), "the first window's focus")
    assert shown.screen.windows("demo") == [shown.window]
    shown.close()
    other.close()
    shown.ended_well()


@pytest.mark.parametrize("gui", [pytest.param("gtk"), pytest.param("qt", marks=pytest.mark.qt)])
@pytest.mark.parametrize("state", ["as it is", "minimised", "maximised"])
def test_the_first_window_is_raised_above_one_that_covers_it(
    show: Callable[..., Shown], start: Callable[..., Script], gui: str, state: str
) -> None:
    shown = show(f"gui={gui!r}").ready()
    if state == "maximised":
        shown.screen.maximize(shown.window, on=True)
        wait_for(lambda: shown.screen.area(shown.window)[2] > 1300, "the whole screen")
    elif state == "minimised":
        shown.screen.minimize(shown.window)
    other = show(name="other").ready()
    other.screen.maximize(other.window, on=True)
    wait_for(lambda: other.screen.topmost() == int(other.window, 16), "the other window above")
    other.click()
    again = start("again", AGAIN)
    assert again.wait(5) == 0, again.output
    wait_for(lambda: shown.screen.topmost() == int(shown.window, 16), "the first window above")
    wait_for(lambda: shown.screen.active() == int(shown.window, 16), "the first window's focus")
    if state == "maximised":
        assert shown.screen.area(shown.window)[2] > 1300


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_that_start_at_once_one_window_stays(
    start: Callable[..., Script], show_script: Callable[..., Shown], home: Path, attempt: int
) -> None:
    (home / "demo.py").write_text('from window.page import page_app\napp = page_app("demo")')
    port = free_port()
    both = [show_script(name, "demo", "", port) for name in ("one", "two")]
    ended = wait_for(
        lambda: [each for each in both if each.script.process.poll() is not None], "the slower one's end"
    )
    assert [each.script.process.returncode for each in ended] == [0], ended[0].script.output
    (first,) = [each for each in both if each not in ended]
    first.ready()
    assert first.screen.windows("demo") == [first.window]
    first.close()
    first.ended_well()


@pytest.mark.parametrize(
    ("script", "target"),
    [("other", "other:app"), ("elsewhere/demo", "demo:app")],
    ids=["another target", "another directory"],
)
def test_another_program_of_the_same_name_is_raised_who_has_it(
    show: Callable[..., Shown], start: Callable[..., Script], home: Path, script: str, target: str
) -> None:
    shown = show().ready()
    (home / "elsewhere").mkdir()
    second = start(script, f"import wesktop\nwesktop.run({target!r}, name='demo', port={free_port()})")
    assert second.wait() == 1
    assert second.output.splitlines()[-1] == (
        f"wesktopd.errors.AlreadyRunningError: another program, 'demo:app' from {home}, "
        "runs under the name 'demo': give this one a name of its own with name=."
    )
    assert shown.screen.windows("demo") == [shown.window]


def test_local_storage_survives_from_run_to_run(show: Callable[..., Shown], home: Path) -> None:
    script = "say('was-' + localStorage.getItem('mark')); localStorage.setItem('mark', 'kept')"
    for before in ("null", "kept"):
        # The port follows from the name: one that nobody else has.
        shown = show(f"name={home.name!r}", f"script={script!r}", port=0).called(home.name)
        shown.hear(f"was-{before}")
        shown.close()
        shown.ended_well()
