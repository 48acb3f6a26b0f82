"""`wesktop ctl top`: all apps, live in the terminal."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from wesktop.cli.ctl.top_meters import AppMeter
from wesktop.cli.output import show_json_line
from wesktopd.startup_imports import all_loaded

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 1.0  # seconds between two samples
FIRST = 0.5  # seconds to the second sample, the first with CPU shares
ANSWER_TIMEOUT = 1.0  # seconds; a hanging app must not freeze the display


@click.command()
@click.option("--once", is_flag=True, help="Print one frame and exit.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object per second, each on a line; with --once, one."
)
def top(once: bool, as_json: bool) -> None:
    """Show all apps live: CPU, memory and requests, with sparklines.

    Press q or Ctrl-C to end it. Needs the package rich, except with --json.
    """
    all_loaded()
    if as_json:
        _stream(once)
        return
    if not once and not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        raise click.UsageError("top needs a terminal: give --once for one frame, or --json.")
    console = _console()
    if once:
        _print_frame(console)
    else:
        _watch(console)


def _console() -> "Console":
    """Raises click.ClickException, with the command that installs rich, if it is missing."""
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        from wesktop.extras import install_command

        raise click.ClickException(f"top needs the package rich: {install_command('top')}") from None
    return Console(highlight=False)


def _stream(once: bool) -> None:
    sampler = Sampler()
    sampler.sample()
    wait = FIRST
    while True:
        time.sleep(wait)
        show_json_line({"time": time.time(), "apps": [meter.as_fields() for meter in sampler.sample()]})
        if once:
            return
        wait = EVERY


def _print_frame(console: "Console") -> None:
    from wesktop.cli.ctl.top_view import frame

    sampler = Sampler()
    sampler.sample()
    time.sleep(FIRST)
    console.print(frame(sampler.sample(), console.width))


def _watch(console: "Console") -> None:
    from rich.live import Live

    from wesktop.cli.ctl.top_view import frame

    sampler = Sampler()
    with _keys() as quit_within, Live(console=console, screen=True, auto_refresh=False) as live:
        wait = FIRST
        while True:
            live.update(frame(sampler.sample(), console.width), refresh=True)
            if quit_within(wait):
                return
            wait = EVERY


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[float], bool]]:
    """Yield a function that waits for so many seconds, and returns True as soon as q is pressed."""
    import select
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def quit_within(seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            pressed = os.read(terminal, 64)
            if not pressed or b"q" in pressed.lower():  # empty: the terminal has closed
                return True
        return False

    tty.setcbreak(terminal)
    try:
        yield quit_within
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


class Sampler:
    """Samples every running app, and keeps the sparklines' values."""

    def __init__(self) -> None:
        self._meters: dict[str, AppMeter] = {}

    def sample(self) -> list[AppMeter]:
        """Return the meters of the running apps, by name."""
        from wesktopd import client

        meters = {}
        for name, report in client.reports(ANSWER_TIMEOUT):
            meters[name] = self._meters.get(name) or AppMeter(name)
            meters[name].update(report, time.monotonic(), time.time())
        self._meters = meters
        return [*meters.values()]
