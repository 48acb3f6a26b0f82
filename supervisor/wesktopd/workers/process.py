"""A worker's process, as its supervisor holds it: channel, output and exit."""

import asyncio
import socket
import subprocess
from collections import deque
from collections.abc import Callable

from wesktopd.system import ChildOutput, call_on_exit, request_stack_dump
from wesktopd.wire.lines import LineReader
from wesktopd.wire.worker_messages import MAX_LINE, Retire, Stop, encode

READ_SIZE = 64 * 1024
MAX_UNSENT = 1024 * 1024  # bytes of lines that may wait for a worker that does not read


class WorkerProcess:
    """Reports the output, messages and exit of a worker that was started, from the loop.

    on_output(stream, data): output to "stdout" or "stderr". on_line(line): a line received on the channel.
    on_exit(code): the process has ended (code as in subprocess: negative for a signal), and all its output was
    reported.
    """

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        channel: socket.socket,
        on_output: Callable[[str, bytes], None],
        on_line: Callable[[bytes], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_line, self._on_exit = on_line, on_exit
        self._lines = LineReader(MAX_LINE, cut=True)
        self._unsent: deque[bytes] = deque()  # the first of them in part, perhaps
        self._unsent_bytes = 0
        self._partly = False
        self._process, self._channel = process, channel
        self.pid = self._process.pid
        self._channel.setblocking(False)
        self._loop.add_reader(self._channel, self.read_available)
        self._output = ChildOutput(process, self._loop, on_output)
        call_on_exit(process, self._loop, self._ended)

    def stop(self, how: Stop | Retire) -> None:
        """Have it drain and end."""
        self._put(encode(how))  # even if too much waits

    def send(self, line: bytes) -> bool:
        """Send a line as soon as the worker reads; return False, and send nothing, if too much waits already."""
        if self._unsent_bytes + len(line) > MAX_UNSENT:
            return False
        self._put(line)
        return True

    def take_back(self, wanted: Callable[[bytes], bool]) -> list[bytes]:
        """Return the wanted lines of which nothing was sent yet, and send them no more."""
        begun = [self._unsent.popleft()] if self._partly else []
        lines = [line for line in self._unsent if wanted(line)]
        self._unsent = deque([*begun, *(line for line in self._unsent if not wanted(line))])
        self._unsent_bytes = sum(map(len, self._unsent))
        return lines

    def _put(self, line: bytes) -> None:
        self._unsent.append(line)
        self._unsent_bytes += len(line)
        self._flush()

    def _flush(self) -> None:
        if self._channel.fileno() < 0:  # it has ended
            return
        try:
            while self._unsent:
                sent = self._channel.send(self._unsent[0])
                self._unsent_bytes -= sent
                self._partly = sent < len(self._unsent[0])
                if self._partly:
                    self._unsent[0] = self._unsent[0][sent:]
                else:
                    self._unsent.popleft()
        except BlockingIOError:  # its channel is full
            self._loop.add_writer(self._channel, self._flush)
        except OSError:  # it is gone; its exit is reported soon
            self._loop.remove_writer(self._channel)
        else:
            self._loop.remove_writer(self._channel)

    def dump_stacks(self) -> None:
        """Have it print the stacks of its threads."""
        request_stack_dump(self._process)

    def kill(self) -> None:
        """Kill it. Its own child processes go on: they may be programs that the user works with."""
        self._process.kill()

    def read_available(self) -> None:
        """Handle what the worker has sent by now."""
        try:
            data = self._channel.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._channel)
            return
        for line in self._lines.feed(data):
            try:
                self._on_line(line)
            except Exception as error:  # must not keep the lines that follow from being handled
                lost = {"message": f"a message of worker {self.pid} is lost", "exception": error}
                self._loop.call_exception_handler(lost)

    def _ended(self, code: int) -> None:
        self.read_available()
        self._output.finish()
        self._loop.remove_reader(self._channel)
        self._loop.remove_writer(self._channel)
        self._channel.close()
        self._on_exit(code)
