"""A child's exit, reported in an event loop; and children that are not waited for."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable


def call_on_exit(
    process: "subprocess.Popen[bytes]", loop: asyncio.AbstractEventLoop, callback: Callable[[int], None]
) -> None:
    """Call `callback` in the loop with the exit code, as soon as the process has ended.

    Without polling: by a pidfd on Linux, else in a thread.
    """
    try:
        pidfd = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        threading.Thread(
            target=_wait_in_thread, args=(process, loop, callback), name=f"wait-{process.pid}", daemon=True
        ).start()
        return

    def ended() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        callback(process.wait())

    loop.add_reader(pidfd, ended)


def _wait_in_thread(
    process: "subprocess.Popen[bytes]", loop: asyncio.AbstractEventLoop, callback: Callable[[int], None]
) -> None:
    code = process.wait()
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(callback, code)


def leave_no_zombies() -> None:
    """Have the kernel reap child processes from now on; those that have ended already are reaped here."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
