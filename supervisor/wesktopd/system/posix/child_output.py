"""A child's standard output and error, read from an event loop."""

import asyncio
import os
import subprocess
from collections.abc import Callable

READ_SIZE = 64 * 1024
PIPE_SIZE = 1024 * 1024  # bytes that a pipe may hold at most, see pipe(7)


class ChildOutput:
    """Calls `on_output(stream, data)`, stream being "stdout" or "stderr", with all that a child prints."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        loop: asyncio.AbstractEventLoop,
        on_output: Callable[[str, bytes], None],
    ) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self._loop, self._on_output = loop, on_output
        self._pipes = {"stdout": process.stdout, "stderr": process.stderr}
        for stream, pipe in self._pipes.items():
            os.set_blocking(pipe.fileno(), False)
            loop.add_reader(pipe.fileno(), self._read, stream, pipe.fileno())

    def finish(self) -> None:
        """Report what is there now, and close.

        No more than that: a process that the child started may hold the pipe open and print indefinitely.
        """
        for stream, pipe in self._pipes.items():
            for _ in range(PIPE_SIZE // READ_SIZE):
                if not self._read(stream, pipe.fileno()):
                    break
            self._loop.remove_reader(pipe.fileno())
        for pipe in self._pipes.values():
            pipe.close()

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
