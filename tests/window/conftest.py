"""Fixtures of the tests that open windows."""

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.browser import Browser, Site, site
from support.screen import Screen, own_screen
from support.scripts import Script, free_port, isolated_env, scratch_home, script_starter, write_script
from support.users import VICTIM, give, interpreter_of
from window.desk_program import DeskProgram
from window.shown import LAUNCHER, Shown, Turning, program

TESTS = str(Path(__file__).parent.parent)


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    """A screen for this test process."""
    with own_screen() as opened:
        yield opened


@pytest.fixture
def browser(home: Path) -> Browser:
    """What the windows of the test take for the user's browser."""
    return Browser(home)


@pytest.fixture
def elsewhere() -> Iterator[Site]:
    """A web site of another origin."""
    with site() as served:
        yield served


@pytest.fixture
def start(start_script: Callable[..., Script], screen: Screen, browser: Browser) -> Callable[..., Script]:
    """Start a script on the screen; it can import what is in tests/."""
    screen.wait_until_empty()

    def start_on_screen(name: str, source: str, *args: str, **extra_env: str) -> Script:
        env = {"DISPLAY": screen.display, "PYTHONPATH": TESTS, "BROWSER": browser.command, **extra_env}
        return start_script(name, source, *args, **env)

    return start_on_screen


@pytest.fixture
def show(start: Callable[..., Script], screen: Screen, home: Path) -> Callable[..., Shown]:
    """Start a program that shows `page_app(page)` with `run(options)`, both given as source."""

    def show_program(
        options: str = "", page: str = "", name: str = "demo", port: int | None = None, **env: str
    ) -> Shown:
        port = free_port() if port is None else port
        return Shown(start(name, program(name, f"port={port}, {options}", page), **env), name, home, screen, port)

    return show_program


@pytest.fixture(scope="module")
def module_window() -> Iterator[tuple[Turning, Browser]]:
    """A window whose pages have no policy, with its browser, on a screen of its own, once for a module."""
    with own_screen() as screen, scratch_home() as home, script_starter(home) as start:
        browser = Browser(home)
        env = {"DISPLAY": screen.display, "PYTHONPATH": TESTS, "BROWSER": browser.command}
        yield Turning(functools.partial(start, **env), home, screen, "csp=''"), browser


@pytest.fixture
def turn(module_window: tuple[Turning, Browser]) -> Callable[[str], Turning]:
    """Show a page in the module's window, given as the arguments of `page_app`."""
    return module_window[0].turn


@pytest.fixture
def module_browser(module_window: tuple[Turning, Browser]) -> Browser:
    """What the module's window takes for the user's browser; nothing was opened in it yet."""
    _, browser = module_window
    browser.forget()
    return browser


@pytest.fixture
def show_to_user(
    show: Callable[..., Shown], screen: Screen, browser: Browser, home: Path
) -> Iterator[Callable[..., Shown]]:
    """The same as a user other than root, where the sandboxes of the engines are whole; as root if there is no Python
    that another can run.
    """
    interpreter = interpreter_of(VICTIM) if os.geteuid() == 0 else None
    if interpreter is None:
        yield show
        return
    python, path = interpreter
    started: list[Script] = []

    def show_program(
        options: str = "", page: str = "", name: str = "demo", port: int | None = None, **env: str
    ) -> Shown:
        port = free_port() if port is None else port
        env = {
            "DISPLAY": screen.display,
            "BROWSER": browser.command,
            "PYTHONPATH": f"{TESTS}{os.pathsep}{path}",
            **env,
        }
        script = write_script(home, name, program(name, f"port={port}, {options}", page))
        (home / f"{name}.out").touch()
        env = isolated_env(home) | env
        give(home, VICTIM)
        started.append(Script(script, env, user=VICTIM, python=python))
        return Shown(started[-1], name, home, screen, port)

    screen.wait_until_empty()
    yield show_program
    for script in started:
        script.close()


@pytest.fixture
def show_script(start: Callable[..., Script], screen: Screen, home: Path) -> Callable[..., Shown]:
    """Start a script beside the module `name` that shows the app of that module."""

    def show_app(script: str, name: str, options: str, port: int) -> Shown:
        source = LAUNCHER.format(name=name, options=f"port={port}, {options}")
        return Shown(start(script, source), name, home, screen, port)

    return show_app


@pytest.fixture
def show_desk(start: Callable[..., Script], screen: Screen, home: Path) -> Callable[..., DeskProgram]:
    """Start the program of `window.desk`, with further options of `run()` as source; script: that its pages run."""

    def show(options: str = "", script: str = "", **env: str) -> DeskProgram:
        return DeskProgram(start, home, screen, options, script, env)

    return show


@pytest.fixture(scope="module")
def module_desk() -> Iterator[DeskProgram]:
    """The program of `window.desk` on a screen of its own, once for a module: a start takes a second."""
    with own_screen() as screen, scratch_home() as home, script_starter(home) as start:
        env = {"DISPLAY": screen.display, "PYTHONPATH": TESTS}
        desk = DeskProgram(start, home, screen, "title='The app'", "", env)
        yield desk
        desk.close()
        desk.ended_well(20)


@pytest.fixture
def desk(module_desk: DeskProgram) -> Iterator[DeskProgram]:
    """The program of the module, for a test that leaves its window as it was."""
    yield module_desk
    module_desk.close_dialogs()
