"""Runs the program of `window.desk`, talks to its app, and drives its dialogs as a user does."""

import contextlib
import itertools
import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.screen import Screen
from support.scripts import Script, free_port
from support.session import authorization
from support.waiting import wait_for
from window.shown import Shown

PROGRAM = """
import sys
from pathlib import Path
import wesktop
from window.desk import router

app = wesktop.create_app(router({script!r}))
if __name__ == "__main__":
    wesktop.run("desk:app", width=400, height=300, pid_path=Path("desk.pid"), {options})
    print("run() has returned")
"""


class DeskProgram(Shown):
    """The program, once its first page is there."""

    def __init__(
        self, start: Callable[..., Script], home: Path, screen: Screen, options: str, script: str, env: dict[str, str]
    ):
        port = free_port()
        started = start("desk", PROGRAM.format(options=f"port={port}, {options}", script=script), **env)
        super().__init__(started, "desk", home, screen, port)
        self.hear("at-/")
        assert self.window

    def post(self, path: str, body: object, timeout: float = 50.0) -> Any:
        """What the app answers to a script."""
        header = dict(line.split(": ", 1) for line in authorization(self.home, "desk"))
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), header)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)

    def open(self, **options: object) -> None:
        """Have a handler of the app open a window."""
        self.post("/open", options)

    def asking(self, function: str, path: str = "/ask", **arguments: object) -> "Asking":
        """Have a handler of the app ask the user."""
        return Asking(self, path, function, arguments)

    def titled(self, title: str) -> str:
        """A dialog that has this title, once it has the focus."""
        found = wait_for(lambda: self._titled(title), f"a dialog {title!r} in {self.screen.listing()}")
        wait_for(lambda: self.screen.active() == int(found, 16), "its focus")
        return found

    def _titled(self, title: str) -> str | None:
        lines = [line.split(maxsplit=4) for line in self.screen.listing().splitlines()]
        return next((line[0] for line in lines if line[4:] == [title]), None)

    def choose(self, title: str, path: Path) -> None:
        """Choose a file, or a directory, in the dialog of this title: by the field for a name, which ctrl+L shows."""
        self.titled(title)

        def closed() -> bool:
            self.type("ctrl+l", "ctrl+a", f":{path}", "Return")  # once more where the dialog was still being filled
            with contextlib.suppress(AssertionError):
                return wait_for(lambda: self._titled(title) is None, "its end", 2)
            return False

        wait_for(closed, f"the end of {title!r}")

    def close_dialogs(self) -> None:
        """Close the dialogs that a test has left open, and wait until the last one is gone."""

        def none_left() -> bool:
            others = {line.split()[0] for line in self.screen.listing().splitlines()} - {self.window}
            for other in others:
                with contextlib.suppress(subprocess.CalledProcessError):  # it has gone meanwhile
                    self.screen.close(other)
            return not others

        wait_for(none_left, "the end of all dialogs")

    def type(self, *keys: str) -> None:
        """Type what begins with ":" letter by letter, and press the other keys."""
        for key in keys:
            command = ["type", "--delay", "1", key[1:]] if key.startswith(":") else ["key", key]
            env = {**os.environ, "DISPLAY": self.screen.display}
            subprocess.run(["xdotool", *command], env=env, check=True, timeout=20)

    def activate(self, window: str) -> None:
        """Bring a window to the front, as its user does."""
        self.screen._tool("wmctrl", "-i", "-a", window)
        wait_for(lambda: self.screen.active() == int(window, 16), "its focus")

    def focus_and_ask(self, window: str) -> None:
        """Give a window the focus, and see that a question comes up on it."""
        # The window manager tells of the focus before the window itself has heard of it, and told the supervisor; and
        # Qt takes no notice of one that is lost and got back within 0.1 s, as by a question that came up on another
        # window. So each attempt leaves more time.
        pauses = itertools.count(0.0, 0.05)
        wait_for(lambda: self._asks_on(window, next(pauses)), f"a question on {window}")

    def _asks_on(self, window: str, pause: float) -> bool:
        time.sleep(pause)
        self.activate(window)
        time.sleep(pause)
        asking = self.asking("open_file", title="Where?")
        parent = self.parent_of(self.titled("Where?"))
        self.type("Escape")
        assert asking.answer() is None
        wait_for(lambda: self._titled("Where?") is None, "its end, after which its parent gets the focus")
        return parent == int(window, 16)

    def parent_of(self, dialog: str) -> int:
        """The window that the dialog is for."""
        return int(self.screen._tool("xprop", "-notype", "-id", dialog, "WM_TRANSIENT_FOR").split()[-1], 16)


class Asking:
    """A request whose handler asks the user."""

    def __init__(self, program: DeskProgram, path: str, function: str, arguments: dict[str, object]) -> None:
        self._found: dict[str, Any] | None = None
        self._thread = threading.Thread(target=self._ask, args=(program, path, [function, arguments]), daemon=True)
        self._thread.start()

    def _ask(self, program: DeskProgram, path: str, body: object) -> None:
        with contextlib.suppress(OSError):
            self._found = program.post(path, body)

    def answer(self) -> Any:
        """What the handler has got; the error's name and sentence for an exception."""
        self._thread.join(20)
        assert self._found is not None, "no answer"
        return self._found["answer"] if "answer" in self._found else (self._found["error"], self._found["message"])
