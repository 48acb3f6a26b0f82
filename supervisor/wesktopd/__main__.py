"""`python -m wesktopd FD`: the supervisor as a process of its own.

FD is the channel to the caller, who sends the AppSpec as its first line and holds a lease by it from then on.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys

import msgspec

from wesktopd.channel import inherited, read_line
from wesktopd.daemon import Supervisor
from wesktopd.errors import WesktopError
from wesktopd.protocol import encode, failure
from wesktopd.spec import AppSpec


async def run(supervisor: Supervisor, channel: socket.socket) -> None:
    """Serve until a signal, a request, or the last lease's end."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.request_stop, signal.Signals(number).name)
    await supervisor.run(channel)


def main(fd: int) -> int:
    """Run the supervisor that the channel describes; the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    channel = inherited(fd)
    try:
        supervisor = Supervisor(msgspec.json.decode(read_line(channel), type=AppSpec))
        supervisor.acquire()
    except WesktopError as error:
        with contextlib.suppress(OSError):
            channel.sendall(encode(failure(error)))
        return error.exit_code
    try:
        asyncio.run(run(supervisor, channel))
    except WesktopError as error:  # told to the leases by the control server
        return error.exit_code
    finally:
        supervisor.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
