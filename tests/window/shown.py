"""A program in its window, as its user and its window manager see it, and what it leaves when it ends."""

import contextlib
import json
import signal
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import psutil

from support.framebuffer import Picture
from support.screen import Screen
from support.scripts import Script, answers, free_port, left_behind, running_from
from support.session import authorization, own_address
from support.waiting import wait_for
from window.page import TURN

PROGRAM = """
from pathlib import Path
import wesktop
from window.page import page_app

app = page_app("{name}", {page})
wesktop.run("{name}:app", width=400, height=300, pid_path=Path("{name}.pid"), {options})
if __name__ == "__main__":
    print("run() has returned", flush=True)
"""


def program(name: str, options: str, page: str = "") -> str:
    """The script of a program; `options` and `page` are the arguments of `run()` and `page_app()` as source."""
    return PROGRAM.format(name=name, options=options, page=page)


LAUNCHER = """
import wesktop

wesktop.run("{name}:app", {options})
print("run() has returned", flush=True)
"""


class Shown:
    """A program that was started, and the window that it opens on `screen`."""

    def __init__(self, script: Script, name: str, home: Path, screen: Screen, port: int) -> None:
        self.script = script
        self.name = name
        self._said = home / f"{name}.said"
        self.home = home
        self.screen = screen
        self.url = f"http://127.0.0.1:{port}"

    @cached_property
    def origin(self) -> str:
        """Where its page is: at a host that is the app's alone."""
        return own_address(self.home, self.name, self.url)

    @cached_property
    def window(self) -> str:
        """Its window, once it is there."""
        wait_for(lambda: self.screen.windows(self.name) or self.script.process.poll() is not None, "its window")
        assert self.screen.windows(self.name), self.script.output
        return self.screen.window(self.name)

    def called(self, name: str) -> "Shown":
        """Look for its window under another name than its module's."""
        self.name = name
        return self

    def picture(self) -> Picture:
        """What is to be seen in its window."""
        return self.screen.picture(self.window)

    def said(self) -> list[str]:
        """What its page has said so far, one by one."""
        return self._said.read_text().split() if self._said.exists() else []

    def hear(self, word: str, times: int = 1) -> None:
        """Wait until the page has said `word` so often."""
        wait_for(
            lambda: self.said().count(word) >= times,
            lambda: f"{word!r} x{times} in {self.said()}; {self._where_it_is()}",
        )

    def _where_it_is(self) -> str:
        """For who has waited in vain: its windows, its processes, and what their threads are doing as they end."""
        found = [self.screen.listing(), *processes_of(self.home)]
        for process in running_from(self.home):
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGABRT)  # at which Python tells, see isolated_env
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not running_from(self.home), "their end", 5)
        return "\n".join([*found, self.script.output])

    def ready(self) -> "Shown":
        """Wait until the page is drawn."""
        self.hear("drawn")
        assert self.window
        return self

    def click(self, button: int = 1) -> None:
        """Click into the page, once; Chromium ignores what comes in the first moments after a page is drawn."""
        before = self.said().count("pressed")
        self.screen.point(self.window, 100, 100)
        for _ in range(10):
            self.screen.click(button)
            with contextlib.suppress(AssertionError):
                wait_for(lambda: self.said().count("pressed") > before, "the page to notice a click", 1.0)
                return
        raise AssertionError("the page does not notice clicks")

    def worker(self) -> int:
        """The PID of the worker, once one answers that is not being started."""
        return int(wait_for(lambda: self.get("/pid"), "a worker that answers"))

    def get(self, path: str) -> bytes | None:
        """A page of its, as a script gets it; None while nobody answers."""
        return answers(f"{self.url}{path}", *authorization(self.home, self.name))

    def dialog(self) -> str:
        """The window beside its own, once it is there."""
        (dialog,) = wait_for(
            lambda: [each for each in self.screen.windows(self.name) if each != self.window], "a dialog"
        )
        return dialog

    def close(self) -> None:
        """Close the window as its user does."""
        self.screen.close(self.window)

    def remains(self) -> list[str]:
        """Whatever there is of it: processes, socket, lock, PID file."""
        files = [*left_behind(self.home), *(path.name for path in self.home.glob("*.pid"))]
        return [*processes_of(self.home), *files]

    def gone(self, within: float = 1.0) -> None:
        """Wait until nothing is left of it."""
        with contextlib.suppress(AssertionError):  # the one below tells what is left by then
            wait_for(lambda: not self.remains(), "its end", within)
        left = self.remains()
        assert not left, f"{left}; output: {self.script.output}"

    def ended_well(self, within: float = 1.0) -> None:
        """Wait until nothing is left of it and `run()` has returned."""
        self.gone(within)
        assert self.script.wait() == 0, self.script.output
        assert self.script.output.splitlines()[-1] == "run() has returned"


class Turning(Shown):
    """A program whose one window shows one page after the other: a window of its own would cost each a second."""

    def __init__(self, start: Callable[..., Script], home: Path, screen: Screen, options: str) -> None:
        self._turns = 0
        self._turn_to({}, home)
        port = free_port()
        script = start("demo", program("demo", f"port={port}, {options}", "turns=True"))
        super().__init__(script, "demo", home, screen, port)
        self.ready()

    def turn(self, page: str) -> "Turning":
        """Show a page with these arguments of `page_app`, as source, once the window has loaded it."""
        self._said.write_text("")
        self._turn_to(eval(f"dict({page})"), self.home)  # noqa: S307  a test's own
        self.hear("drawn")
        return self

    def _turn_to(self, page: dict[str, str], home: Path) -> None:
        self._turns += 1
        new = home / "turn.new"
        new.write_text(json.dumps({"number": self._turns, "page": page}))
        new.replace(home / TURN)


def processes_of(home: Path) -> list[str]:
    """The PIDs and command lines of all living processes that were started with this home directory."""
    found = []
    for process in running_from(home):
        with contextlib.suppress(psutil.Error):
            found.append(f"{process.pid} {' '.join(process.cmdline())}")
    return found
