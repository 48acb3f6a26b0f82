"""The supervisor after `wesktop ctl upgrade`: takes up what an older release has handed over (wesktopd.upgrade)."""

import contextlib
import os
import signal

import msgspec

from wesktopd.instance import Instance
from wesktopd.loading import all_loaded, without
from wesktopd.signals import StopSignals


def main(fd: int) -> int:
    """Go on; the exit code."""
    with without("ssl"):
        import asyncio

        from wesktopd.daemon import Supervisor
        from wesktopd.upgrade import SIGNALS, Handover, descriptors_of

    all_loaded()
    with open(fd, "rb") as file:
        file.seek(0)
        handover = msgspec.json.decode(file.read(), type=Handover)
    for descriptor in descriptors_of(handover):
        os.set_inheritable(descriptor, False)
    instance = Instance(handover.spec)
    with StopSignals() as signals, contextlib.ExitStack() as held:
        instance.resume(handover.listener, handover.lock, handover.access, socket_stays=handover.socket_stays)
        held.push(instance)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        supervisor = Supervisor(instance, owns_process=True)
        asyncio.run(supervisor.run(signals, log_level=handover.log_level, handover=handover))
    return 0
