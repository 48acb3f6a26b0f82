"""The process that takes the place of a supervisor at `wesktop ctl upgrade`, see wesktopd.upgrade."""

import contextlib

from wesktopd.errors import ControlError, WesktopError
from wesktopd.startup_imports import all_loaded, without
from wesktopd.system import StopSignals, inherit_channel, replace_descriptor, service_manager


def main(fd: int) -> int:
    """Take over, and serve; return the exit code."""
    with without("ssl"):
        import asyncio

        from wesktopd.daemon.supervisor import Supervisor
        from wesktopd.instance.instance import Instance
        from wesktopd.upgrade.messages import FORMAT, STANDARD_OUTPUTS, TWIN
        from wesktopd.upgrade.new_supervisor import Takeover
        from wesktopd.upgrade.predecessor_link import PredecessorLink

    all_loaded()
    manager = service_manager.ServiceManager()  # which gets no message unless this process takes over
    predecessor = PredecessorLink(inherit_channel(fd))
    try:
        beginning = predecessor.begin()
        if beginning.format != FORMAT:
            raise ControlError(f"it is of format {beginning.format}, not {FORMAT}")
    except ControlError as error:
        predecessor.refuse(
            ControlError(
                "the installed release of wesktop cannot take over from this one: use `wesktop ctl stop`, then "
                f"`wesktop ctl start` ({error.message})."
            )
        )
        return 1
    except (EOFError, OSError):  # the old supervisor has cancelled the upgrade
        return 0
    for number, output in enumerate(STANDARD_OUTPUTS, start=1):
        replace_descriptor(output, predecessor.descriptor(number))
    try:
        instance = Instance(beginning.spec)
        with StopSignals() as signals, contextlib.ExitStack() as held:
            twin = predecessor.socket(TWIN) if beginning.has_twin else None
            instance.inherit(predecessor.socket(0), twin, beginning.access, socket_stays=beginning.socket_stays)
            held.push(instance)
            supervisor = Supervisor(instance, owns_process=True)
            takeover = Takeover(predecessor, beginning, manager)
            asyncio.run(supervisor.run(signals, log_level=beginning.log_level, takeover=takeover))
    except WesktopError as error:
        predecessor.refuse(error)
        return error.exit_code
    return 0
