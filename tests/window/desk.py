"""An app that outlives its windows: the runs that show it, the command that controls it, and what is left of it."""

from collections.abc import Callable
from pathlib import Path

from support.running import NAME, Running
from support.screen import Screen
from support.scripts import Script, free_port, get
from support.waiting import wait_for
from window.shown import LAUNCHER, Shown

TESTS = str(Path(__file__).parent.parent)

# What /count answers is in the memory of the worker alone.
APP = """
import wesktop
from window.page import page_app

page = page_app("app", {page})
count = 0

async def app(scope, receive, send):
    global count
    if scope.get("path") != "/count":
        return await page(scope, receive, send)
    count += 1
    print("counted", count, flush=True)
    await wesktop.TextResponse(str(count))(scope, receive, send)
"""


class Desk(Running):
    """The app `app` of `home`, and the screen on which it is shown."""

    def __init__(self, home: Path, screen: Screen, start: Callable[..., Script]) -> None:
        super().__init__(home, free_port())
        self.screen = screen
        self._start = start
        self.env.update(DISPLAY=screen.display, PYTHONPATH=TESTS)
        self.write_page()

    def write_page(self, page: str = "") -> None:
        """Change the app's code; `page` are the arguments of `page_app()` as source."""
        (self.home / "app.py").write_text(APP.format(page=page))

    def run(self, script: str = "caller", options: str = "keep_alive=True", **env: str) -> Shown:
        """Run a script that calls `run()` with these options, as source."""
        source = LAUNCHER.format(name=NAME, options=f"port={self.port}, width=400, height=300, {options}")
        return self.shown(self._start(script, source, **env))

    def shown(self, script: Script) -> Shown:
        """What a script shows of the app."""
        return Shown(script, NAME, self.home, self.screen, self.port)

    def kept(self) -> Shown:
        """Run it and close its window: what is left is a server."""
        shown = self.run().ready()
        self.close(shown)
        return shown

    def close(self, shown: Shown) -> None:
        """Close the window, which ends the run and leaves the server."""
        shown.close()
        self.left_running(shown)

    def left_running(self, shown: Shown) -> None:
        """The run has returned, its window is gone, and the app answers."""
        assert shown.script.wait() == 0, shown.script.output
        assert "run() has returned" in shown.script.output
        self.only_the_server()

    def only_the_server(self) -> None:
        """There is no window and nothing of one, and the app answers."""

        def others() -> list[list[str]]:
            lines = [process.cmdline() for process in self.processes()]
            return [line for line in lines if not {"wesktopd", "wesktopd.worker"} & {*line}]

        wait_for(lambda: not others(), "the end of all but the server")
        assert self.count()
        assert self.status()["windows"] == 0

    def count(self) -> int:
        """How often this has been asked for since the worker's start."""
        return int(get(f"{self.url}/count"))

    def worker(self) -> int:
        """The PID of the worker."""
        return int(get(f"{self.url}/pid"))

    def stopped(self) -> None:
        """End the app: nothing is left."""
        self.ctl("stop", NAME)
        self.nothing_left(2)
