"""Re-executes the supervisor in place, for a new release of wesktop: same PID, same children, same sockets.

The old program writes what it knows into a file that has no name, marks the descriptors that are to stay open, and
executes the new one, which takes up from there. Workers and windows notice nothing. Before, the new release has to
show that it can be loaded and understands what is handed over; otherwise the old one goes on.
"""

import asyncio
import os
import signal
import socket
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from wesktopd.access import Access
from wesktopd.bus import HandedChannel
from wesktopd.channel import Beat
from wesktopd.client_connection import ClientConnection
from wesktopd.errors import ControlError, from_wire
from wesktopd.events import Kind
from wesktopd.generations import State, Worker
from wesktopd.launch import START, Adopted
from wesktopd.logfile import LogLine
from wesktopd.protocol import Done, Failed, Happened, failure
from wesktopd.spec import AppSpec

if TYPE_CHECKING:
    from wesktopd.control import ControlServer
    from wesktopd.daemon import Supervisor

FORMAT = 1  # of what is handed over: to be raised whenever an older release could not read it
CHECK_TIMEOUT = 30.0  # seconds
CHECK = "import wesktopd.daemon, wesktopd.successor, wesktopd.upgrade; print('format', wesktopd.upgrade.FORMAT)"
SUCCESSOR = "wesktopd.successor"  # the module that takes over
SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class HandedWorker(msgspec.Struct, kw_only=True):
    """A worker slot, and its process if it has one: PID and descriptors of channel, stdout and stderr.

    heard, unsent: see WorkerProcess.
    """

    slot: dict[str, Any]
    pid: int | None = None
    descriptors: tuple[int, int, int] | None = None
    heard: bytes = b""
    unsent: bytes = b""
    beat: Beat | None = None


class HandedConnection(msgspec.Struct, kw_only=True):
    """A control connection. kind, path: of the lease held by it; upgrade_id: of the request that it waits for;
    dialog: the number of the one that it has open as a window, and for which nobody waits any more;
    heard: the beginning of its next frame.
    """

    fd: int
    lease_id: int
    kind: str | None
    upgrade_id: int | None
    path: str = "/"
    dialog: int | None = None
    heard: bytes = b""


class Handover(msgspec.Struct, kw_only=True):
    """All that one release of the supervisor tells the next."""

    spec: AppSpec
    started: float
    log_level: int
    serving: int
    latest: int
    wanted: int
    next_id: int
    config_file: str | None
    listener: int
    lock: int | None
    control: int | None
    secret: str | None
    workers: list[HandedWorker]
    connections: list[HandedConnection]
    lines: list[LogLine]
    events: list[Happened]
    trouble: Failed | None = None
    restart_failed: bool = False
    access: Access | None = None
    tokens: list[tuple[str, float]] = []
    bus: int | None = None
    socket_stays: bool = False
    channels: list[HandedChannel] = []


def upgrade(supervisor: "Supervisor") -> NoReturn:
    """Become the release that is installed now. Raises ControlError when it cannot be executed.

    Nothing is awaited: what came in between would be lost.
    """
    supervisor.note(Kind.UPGRADED, "re-executing")
    handover = capture(supervisor)
    supervisor.output.flush()
    become(handover)


async def check_new_release() -> None:
    """Raise ControlError unless the installed release loads, and understands this one's handover."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            code, said, errors = await _run_python(CHECK)
    except OSError as error:
        raise ControlError(f"the installed release of wesktop does not start: {error}.") from None
    except TimeoutError:
        raise ControlError(f"the installed release of wesktop does not load within {CHECK_TIMEOUT:g} s.") from None
    if code:
        last = errors.strip().rpartition("\n")[2]
        raise ControlError(f"the installed release of wesktop does not load: {last}.")
    if said.split() != ["format", str(FORMAT)]:
        raise ControlError(
            "the installed release of wesktop cannot take over from this one: "
            "use `wesktop ctl stop`, then `wesktop ctl start`."
        )


async def _run_python(source: str) -> tuple[int | None, str, str]:
    """Run Python code in a process that ends with this call: exit code, stdout, stderr."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", source, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        said, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, said.decode(errors="replace"), errors.decode(errors="replace")


def capture(supervisor: "Supervisor") -> Handover:
    """What the next release has to know."""
    fleet, instance, control = supervisor.fleet, supervisor.instance, supervisor.control
    connections = [handed for each in control.connections if (handed := _capture_connection(control, each))]
    return Handover(
        spec=supervisor.spec,
        started=supervisor.started,
        log_level=supervisor.log_level,
        serving=fleet.serving,
        latest=fleet.latest,
        wanted=fleet.wanted,
        next_id=fleet.next_id,
        config_file=supervisor.config_file,
        listener=instance.listener.fileno(),
        lock=instance.lock.fd if instance.lock else None,
        control=control.listener.fileno() if control.listener else None,
        secret=control.secret,
        workers=[_capture_worker(supervisor, worker) for worker in fleet.workers],
        connections=connections,
        lines=supervisor.output.journal.state(),
        events=[*supervisor.events.kept],
        trouble=failure(supervisor.trouble) if supervisor.trouble else None,
        restart_failed=supervisor.restart_failed,
        access=instance.access,
        tokens=supervisor.tokens.state(),
        bus=supervisor.bus.listener.fileno() if supervisor.bus.listener else None,
        socket_stays=instance.socket_stays,
        channels=supervisor.bus.capture(),
    )


def _capture_worker(supervisor: "Supervisor", worker: Worker) -> HandedWorker:
    process = supervisor.crew.processes.get(worker)
    handed = HandedWorker(slot=asdict(worker), beat=supervisor.crew.beats.get(worker))
    if process is not None:
        handed.pid, handed.descriptors = process.pid, process.descriptors
        handed.heard, handed.unsent = process.heard, bytes(process.unsent)
    return handed


def _capture_connection(control: "ControlServer", connection: ClientConnection) -> HandedConnection | None:
    """A lease, or who asked for the upgrade; the others are closed, as at a supervisor's end."""
    if connection.lease is None and connection.upgrade_id is None:
        return None
    return HandedConnection(
        fd=connection.socket.fileno(),
        lease_id=connection.lease_id,
        kind=connection.lease,
        upgrade_id=connection.upgrade_id,
        path=connection.path,
        dialog=control.windows.dialog_of(connection),
        heard=connection.heard,
    )


def descriptors_of(handover: Handover) -> list[int]:
    """All that have to stay open."""
    found = [handover.listener, handover.lock, handover.control, handover.bus]
    found += [fd for worker in handover.workers for fd in worker.descriptors or ()]
    found += [connection.fd for connection in handover.connections]
    return [fd for fd in found if fd is not None]


def become(handover: Handover) -> NoReturn:
    """Execute the new release. Raises ControlError, and changes nothing, when that cannot be."""
    import tempfile  # late: it would be 1 MB more in each supervisor

    with tempfile.TemporaryFile() as file:
        file.write(msgspec.json.encode(handover))
        file.flush()
        descriptors = [file.fileno(), *descriptors_of(handover)]
        for fd in descriptors:
            os.set_inheritable(fd, True)
        # A signal that comes in between waits until the new release listens for it: exec(3) keeps the mask.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            os.execv(sys.executable, [sys.executable, "-P", "-c", START, SUCCESSOR, str(file.fileno())])  # noqa: S606  ours
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            for fd in descriptors:
                os.set_inheritable(fd, False)
            raise ControlError(f"{sys.executable} cannot be executed: {error.strerror}.") from None


async def restore(supervisor: "Supervisor", handover: Handover) -> None:
    """Know what the older release knew."""
    fleet = supervisor.fleet
    fleet.serving, fleet.coming = handover.serving, None
    fleet.latest, fleet.wanted, fleet.next_id = handover.latest, handover.wanted, handover.next_id
    supervisor.started, supervisor.config_file = handover.started, handover.config_file
    supervisor.output.journal.restore(handover.lines)
    supervisor.events.kept.extend(handover.events)
    supervisor.tokens.restore(handover.tokens)  # the loop's clock is the machine's, and goes on
    if (trouble := handover.trouble) is not None:
        supervisor.trouble = from_wire(trouble.error, trouble.message, trouble.log_tail)
        supervisor.restart_failed = handover.restart_failed
    for handed in handover.workers:
        _restore_worker(supervisor, handed)
    paths = supervisor.instance.paths
    if handover.control is not None and paths is not None:
        listener = socket.socket(fileno=handover.control)
        await supervisor.control.listen_on(listener, handover.secret, paths.control)
    if handover.bus is not None and paths is not None:
        supervisor.bus.restore(handover.channels)
        await supervisor.bus.listen_on(socket.socket(fileno=handover.bus), paths.bus)
    else:
        await supervisor.open_bus()
    for connection in handover.connections:
        await _restore_connection(supervisor, connection)
    supervisor.note(Kind.UPGRADED, f"goes on as release {supervisor.release or 'unknown'}")


def _restore_worker(supervisor: "Supervisor", handed: HandedWorker) -> None:
    worker = Worker(**{**handed.slot, "state": State(handed.slot["state"])})
    supervisor.fleet.workers.append(worker)
    if handed.beat is not None:
        supervisor.crew.beats[worker] = handed.beat
    if handed.pid is not None and handed.descriptors is not None:
        channel, stdout, stderr = handed.descriptors
        process = Adopted(handed.pid, stdout, stderr)
        supervisor.crew.watch(worker, process, socket.socket(fileno=channel), handed.heard, handed.unsent)


async def _restore_connection(supervisor: "Supervisor", handed: HandedConnection) -> None:
    sock = socket.socket(fileno=handed.fd)
    client = await supervisor.control.adopt(sock, handed.lease_id, handed.kind, handed.path, handed.heard)
    if handed.dialog is not None:
        supervisor.control.windows.inherit(client, handed.dialog)
    if handed.upgrade_id is not None:
        client.send(handed.upgrade_id, Done(note=f"release {supervisor.release or 'unknown'} has taken over"))
