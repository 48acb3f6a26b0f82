"""The supervisor as a process of its own.

Its channel leads to the caller, which sends the AppSpec as the first line and then holds a lease by it.
"""

import contextlib
import socket

import msgspec

from wesktopd.errors import WesktopError, failed
from wesktopd.instance.instance import Instance
from wesktopd.spec import AppSpec
from wesktopd.startup_imports import all_loaded, without
from wesktopd.system import ChildProcess, StopSignals, inherit_channel, read_line, start_worker
from wesktopd.wire.control_messages import encode, failure


def supervise(instance: Instance, first: ChildProcess, channel: socket.socket, signals: StopSignals) -> None:
    """Serve until a signal, a request, or the end of the last lease. Raises what kept the app from starting."""
    with without("ssl"):  # which a supervisor never uses: OpenSSL would take 4 of its 25 MB
        import asyncio  # late: the worker boots meanwhile

    from wesktopd.daemon.supervisor import Supervisor

    all_loaded()
    asyncio.run(Supervisor(instance, first, owns_process=True).run(signals, channel))


def main(fd: int) -> int:
    """Run the supervisor that the channel describes; return the exit code."""
    channel = inherit_channel(fd)
    adopted = False
    try:
        with start_worker() as worker:
            line = read_line(channel)
            if not line:  # the caller closed the channel without sending a spec
                return 0
            spec = msgspec.json.decode(line, type=AppSpec)
            with StopSignals() as signals, Instance(spec) as instance:
                instance.start_worker(worker)
                adopted = True
                supervise(instance, worker, channel, signals)
    except WesktopError as error:
        if not adopted:  # else the control server has notified the holders of leases
            with contextlib.suppress(OSError):
                channel.sendall(encode(failure(error)))
        return error.exit_code
    except Exception as error:
        if not adopted:  # else it is in the log
            with contextlib.suppress(OSError):
                channel.sendall(encode(failure(failed(error))))
        raise
    return 0
