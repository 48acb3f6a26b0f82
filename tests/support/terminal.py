"""A command in a terminal of its own."""

import contextlib
import os
import pty
import subprocess
import termios
import threading
from collections.abc import Iterator
from pathlib import Path


class Terminal:
    """What a command shows, and what is typed."""

    def __init__(self, command: list[str], directory: Path, env: dict[str, str], *, read: bool = True) -> None:
        self._ours, self._theirs = pty.openpty()
        termios.tcsetwinsize(self._theirs, (24, 120))
        self._process = subprocess.Popen(
            command, cwd=directory, env={**env, "TERM": "xterm-256color"},
            stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # it controls the session: for Ctrl-C
        )  # fmt: skip
        self.seen = b""
        self._reader = threading.Thread(target=self._read)
        if read:
            self.read()

    def read(self) -> None:
        """Take what the command prints, from now on: until then it waits, and the command with it."""
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while data := os.read(self._ours, 65536):
                self.seen += data

    def type(self, keys: bytes) -> None:
        """Type these keys."""
        os.write(self._ours, keys)

    def wait(self) -> int:
        """The exit code."""
        return self._process.wait(20)

    def terminate(self) -> None:
        """Send it SIGTERM."""
        self._process.terminate()

    def echoes(self) -> bool:
        """Whether it shows what is typed, line by line, as a shell expects it."""
        flags = termios.tcgetattr(self._theirs)[3]
        return bool(flags & termios.ECHO and flags & termios.ICANON)

    def close(self) -> None:
        """End the command, and read what is left."""
        self._process.kill()
        self._process.wait()
        os.close(self._theirs)
        if self._reader.ident is not None:
            self._reader.join(20)
        os.close(self._ours)


@contextlib.contextmanager
def in_terminal(command: list[str], directory: Path, env: dict[str, str], *, read: bool = True) -> Iterator[Terminal]:
    """Run a command in a terminal of 24 lines of 120 characters; read: at once, see Terminal."""
    terminal = Terminal(command, directory, env, read=read)
    try:
        yield terminal
    finally:
        terminal.close()
