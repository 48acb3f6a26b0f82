"""A worker's process as the supervisor holds it: its channel, its output, its end."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

from wesktopd.launch import Launched

READ_SIZE = 64 * 1024


class WorkerProcess:
    """Reports what becomes of a worker that was started, from the loop.

    on_output(stream, data): it printed to "stdout" or "stderr". on_line(line): its one line on the channel.
    on_exit(code): it is gone (code as in subprocess: negative for a signal), and all that it printed was reported.
    """

    def __init__(
        self,
        started: Launched,
        on_output: Callable[[str, bytes], None],
        on_line: Callable[[bytes], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_output, self._on_line, self._on_exit = on_output, on_line, on_exit
        self._heard = b""
        self._process, self._channel = started.process, started.channel
        self.pid = self._process.pid
        self._channel.setblocking(False)
        self._loop.add_reader(self._channel, self._hear)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._outputs = {"stdout": self._process.stdout.fileno(), "stderr": self._process.stderr.fileno()}
        for stream, fd in self._outputs.items():
            os.set_blocking(fd, False)
            self._loop.add_reader(fd, self._read, stream, fd)
        self._watch_exit()

    def terminate(self) -> None:
        """Ask it to drain and end."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once. What the app has started is the app's: it may be a program that the user works with."""
        self._process.kill()

    def _hear(self) -> None:
        try:
            data = self._channel.recv(READ_SIZE)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._channel)
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            self._on_line(line)

    def _read(self, stream: str, fd: int) -> bool:
        try:
            data = os.read(fd, READ_SIZE)
        except BlockingIOError:
            return False
        if data:
            self._on_output(stream, data)
        else:
            self._loop.remove_reader(fd)
        return bool(data)

    def _watch_exit(self) -> None:
        """Learn of the end without polling: by a pidfd on Linux, else by a thread that waits."""
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            threading.Thread(target=self._wait_in_thread, name=f"wait-{self.pid}", daemon=True).start()
        else:
            self._loop.add_reader(self._pidfd, self._on_pidfd)

    def _on_pidfd(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._ended(self._process.wait())

    def _wait_in_thread(self) -> None:
        code = self._process.wait()
        self._loop.call_soon_threadsafe(self._ended, code)

    def _ended(self, code: int) -> None:
        self._hear()
        for stream, fd in self._outputs.items():
            # Only what is there now: a process that it started may hold the pipe open for ever.
            while self._read(stream, fd):
                pass
            self._loop.remove_reader(fd)
        self._loop.remove_reader(self._channel)
        self._channel.close()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._on_exit(code)


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
