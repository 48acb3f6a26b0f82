"""The signals of a worker: SIGTERM ends it, SIGQUIT has it print the stacks of its threads, as Java programs do."""

import signal

TYPE_CHECKING = False  # as type checkers know it: a worker waits for this module
if TYPE_CHECKING:
    import asyncio
    import subprocess
    from collections.abc import Callable

DUMP_SIGNAL = signal.SIGQUIT


def on_terminate(loop: "asyncio.AbstractEventLoop", callback: "Callable[[], None]") -> None:
    """Call `callback` in the loop when somebody asks this process to end."""
    loop.add_signal_handler(signal.SIGTERM, callback)


def dump_stacks_on_request() -> None:
    """Print the stacks of this process's threads to stderr at each request; in C, so it works however stuck it is."""
    import faulthandler  # late: a supervisor loads this file too

    faulthandler.register(DUMP_SIGNAL, all_threads=True)


def request_stack_dump(process: "subprocess.Popen[bytes]") -> None:
    """Have a process that has called `dump_stacks_on_request` print its stacks."""
    process.send_signal(DUMP_SIGNAL)
