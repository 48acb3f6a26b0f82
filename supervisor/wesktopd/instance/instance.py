"""The one server of an app's name, as a process: it has the lock, the PID file and the listening socket.

It needs no event loop: the first worker learns what to serve while the supervisor is still importing asyncio.
"""

import os
import socket
from pathlib import Path

from wesktopd.errors import AlreadyRunningError, ConfigurationError, PidFileError, PortInUseError
from wesktopd.guard.hosts import address, check_exposure
from wesktopd.guard.session import SessionSecrets
from wesktopd.instance.listener import Port, is_listener, listen, listens_at, url_of
from wesktopd.instance.loopback import is_on_loopback, is_twin
from wesktopd.instance.own_host import own_host
from wesktopd.instance.pidfile import PidFile
from wesktopd.instance.state import State, StateFile, end, is_alive, stale_workers
from wesktopd.paths import AppPaths, port_file
from wesktopd.spec import AppSpec
from wesktopd.system import (
    ChildProcess,
    Identity,
    Lock,
    activated_sockets,
    control_socket,
    fill_standard_descriptors,
    hand_over_listener,
    service_manager,
    start_worker,
    withhold,
)
from wesktopd.wire.worker_messages import WorkerSpec

SLOWEST_BEAT = 10.0  # seconds between the heartbeats of an unused worker
STALE_WORKER_TIMEOUT = 1.5  # seconds for the workers of a dead supervisor to end by themselves


class Instance:
    """Holds an app's name while it is entered: a context manager.

    Entering raises AlreadyRunningError, PidFileError or BindError, and then nothing is held. Without a directory for
    the lock, the app is served without one: `paths` is None.

    url: where any client finds the app. origin: where its windows and login links do, which others are not told.
    secrets: of the session, if there is one. warnings: problems that do not keep the app from being served.
    """

    def __init__(self, spec: AppSpec) -> None:
        self.spec = spec
        self.warnings: list[str] = []
        self.paths = self._paths()
        self.lock = Lock(self.paths.lock) if self.paths else None
        self.state_file = StateFile(self.paths.state) if self.paths else None
        self.secrets = SessionSecrets.fresh() if spec.session else None
        self.stale_workers: list[Identity] = []
        self.workers_wait = True  # before they accept connections, until they are released
        self.socket_stays = False  # after the end: a service manager holds it, and clients still connect
        self._pid_file = PidFile(spec.pid_path) if spec.pid_path else None
        self._port: Port | None = None
        self._own_host: str | None = None
        self._workers: list[ChildProcess] = []

    def __enter__(self) -> "Instance":
        fill_standard_descriptors()
        self._acquire_lock()
        try:
            before = self.state_file.read() if self.state_file else None
            if is_alive(before):  # its lock's file was removed
                raise self._runs_already()
            self.stale_workers = stale_workers(before)
            self._claim_pid_file(before)
            passed = self._passed_port()
            self.socket_stays = passed is not None
            self._serve_on(passed or self._listen())
        except BaseException:
            self.__exit__()
            raise
        return self

    def inherit(
        self,
        listener: socket.socket,
        twin: socket.socket | None,
        access: SessionSecrets | None,
        *,
        socket_stays: bool,
    ) -> None:
        """Instead of entering: serve on the sockets of another supervisor, which keeps its name until `take_name`.

        The workers that are started do not accept connections before `take_name`, and until they are released.
        """
        self.socket_stays = socket_stays
        self.secrets = access or self.secrets  # an older release that had no secrets does not end the session
        self._serve_on(self._given_port(listener, twin))

    def take_name(self, lock: int | None) -> None:
        """Take the name from another supervisor; lock: a descriptor of its lock."""
        self.workers_wait = False
        if self.socket_stays:
            _store_twin(self.port)  # again, unless an older release had none
        if self.lock:
            self.lock.fd = lock
        if self._pid_file:
            try:
                self._pid_file.write()
            except PidFileError as error:
                self.warnings.append(error.message)

    def release_name(self) -> None:
        """Leave the name to another supervisor, which has taken it."""
        if self.lock:
            self.lock.leave()
        self.paths = self.lock = self.state_file = self._pid_file = None
        self.socket_stays = True

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:  # all have ended, unless there was an exception before they were supervised
            if worker.process.poll() is None:
                worker.abandon()
        if self._port is not None:
            self._port.close()
        if self._pid_file:
            self._pid_file.release()
        if self.state_file and self.lock and self.lock.held:
            self.state_file.remove()
        if self.lock:
            self.lock.release()

    @property
    def listener(self) -> socket.socket:
        """The listening socket."""
        return self.port.listener

    @property
    def port(self) -> Port:
        """The port that is held."""
        assert self._port is not None, "enter the instance first"
        return self._port

    def _serve_on(self, port: Port) -> None:
        """Serve on this port, and derive the app's addresses from it."""
        port.listener.setblocking(False)
        withhold(port.listener.fileno(), port.listener.getsockname())
        if port.twin is not None:
            withhold(port.twin.fileno())
        self._port = port
        self.url = self.origin = url_of(port.listener)
        self._own_host = own_host(self.spec.name, self.warnings.append) if port.has_loopback else None
        if self._own_host is not None:
            self.origin = f"http://{self._own_hosts()[-1]}"

    def move_to(self, paths: AppPaths, lock: Lock) -> None:
        """Use these files from now on; the lock is held."""
        if self.lock:
            self.lock.leave()
        self.paths, self.lock, self.state_file = paths, lock, StateFile(paths.state)

    def write_state(self, workers: list[int]) -> None:
        """Write this process and its workers to the state file, while the name is this instance's."""
        if self.state_file and self.lock and self.lock.is_in_place():
            self.state_file.write(workers)

    def _paths(self) -> AppPaths | None:
        try:
            return AppPaths(self.spec.name)
        except ConfigurationError as error:
            self.warnings.append(f"{error.message} {_unlocked()}")
            return None

    def _acquire_lock(self) -> None:
        if self.lock is None:
            return
        try:
            locked = self.lock.acquire()
        except OSError as error:
            self.warnings.append(f"lock file {error.filename!r} cannot be opened: {error.strerror}. {_unlocked()}")
            self.lock = self.state_file = self.paths = None
            return
        if not locked:
            raise self._runs_already()

    def _runs_already(self) -> AlreadyRunningError:
        name = self.spec.name
        return AlreadyRunningError(
            f"{name!r} runs already: stop it with `wesktop ctl stop {name}`, or give another name."
        )

    def _claim_pid_file(self, before: State | None) -> None:
        if self._pid_file:
            self._pid_file.claim(before.supervisor if before else None)

    def _listen(self) -> Port:
        spec = self.spec
        try:
            port = listen(spec.host, spec.port, spec.name, self._port_memory(), self.warnings.append)
        except PortInUseError:
            if not self.stale_workers:
                raise
            end(self.stale_workers, STALE_WORKER_TIMEOUT)  # one of them may have the port
            # A process keeps its sockets until its last thread has ended.
            port = listen(spec.host, spec.port, spec.name, patience=STALE_WORKER_TIMEOUT)
        self.socket_stays = service_manager.store(port.listener)
        _store_twin(port)
        return port

    def _passed_port(self) -> Port | None:
        """Return the port that the service manager passes on: of a socket unit, or stored by an earlier process."""
        given: list[socket.socket] = []
        stored: list[socket.socket] = []
        for name, sock in [*service_manager.passed_sockets(), *activated_sockets()]:
            (stored if name == service_manager.STORED else given).append(sock)
        spec = self.spec
        listener = next(filter(is_listener, stored), None)
        if not given and listener is not None and listens_at(listener, spec.host, spec.port):
            return self._passed(listener, stored)
        twins = [sock for sock in stored if given and is_twin(sock, given[0])]
        if stored != twins:  # the app has another address now
            service_manager.forget_stored()
        for sock in stored:
            if sock not in twins:
                sock.close()
        if not given:
            return None
        if len(given) > 1 or not is_listener(given[0]):
            raise ConfigurationError(
                "the service manager has passed more than one socket, or one that does not listen on TCP: "
                "give the socket unit one ListenStream=HOST:PORT, and no Accept=yes."
            )
        check_exposure(given[0].getsockname()[0], allow_remote=spec.allow_remote, session=spec.session)
        return self._passed(given[0], twins)

    def _passed(self, listener: socket.socket, stored: list[socket.socket]) -> Port:
        """Return the port of a socket that the service manager holds; have it hold the twin too."""
        twin = next((sock for sock in stored if is_twin(sock, listener)), None)
        port = self._given_port(listener, twin)
        if twin is None:
            _store_twin(port)
        return port

    def _given_port(self, listener: socket.socket, twin: socket.socket | None) -> Port:
        """Return the port of a listening socket; twin: the one that was kept with it, if any."""
        if twin is not None:
            return Port(listener, twin, has_loopback=is_on_loopback(listener))
        try:
            return Port.of(listener)
        except OSError as error:
            url = url_of(listener)
            self.warnings.append(
                f"{error.filename} at the port of {url} cannot be reserved ({error.strerror}): 'localhost' may lead "
                "to another program. Open the app by its window, or by that address."
            )
            return Port(listener, None, has_loopback=False)

    def _port_memory(self) -> Path | None:
        """Return the file that keeps a chosen port; None for a user without a home directory."""
        if self.spec.port:
            return None
        try:
            return port_file(self.spec.name)
        except ConfigurationError as error:
            self.warnings.append(f"the chosen port cannot be kept for the next start: {error.message}")
            return None

    def start_worker(self, worker: ChildProcess | None = None) -> ChildProcess:
        """Have a worker serve, a new one or one that was launched already. Raises OSError if none can be started."""
        worker = worker or start_worker()
        hand_over_listener(worker.channel, self._worker_spec(), self.listener)
        self._workers = [*(other for other in self._workers if other.process.returncode is None), worker]
        return worker

    def _worker_spec(self) -> WorkerSpec:
        spec = self.spec
        watched = (
            spec.hang_timeout and spec.hang_timeout / 3,
            spec.idle_timeout and spec.idle_timeout / 4,
            service_manager.watchdog_interval(),
        )
        return WorkerSpec(
            target=spec.target,
            working_dir=spec.working_dir,
            import_path=spec.import_path,
            factory=spec.factory,
            drain_timeout=spec.drain_timeout,
            beat_every=min([SLOWEST_BEAT, *filter(None, watched)]),
            access_log=spec.access_log,
            name=spec.name,
            host=spec.host,
            allowed_hosts=[*spec.allowed_hosts, *self._own_hosts()],
            allowed_origins=spec.allowed_origins,
            csp=spec.csp,
            cookie=self.secrets.cookie if self.secrets else None,
            bearer=self.secrets.bearer if self.secrets else None,
            on_launch=spec.second_launch if spec.calls_function else None,
            waits=self.workers_wait,
            bus=str(self.paths.bus) if self.paths is not None and control_socket.has_unix_sockets() else None,
        )

    def _own_hosts(self) -> list[str]:
        """Return the values of Host for it; clients leave out port 80 (RFC 9110, 4.2.3)."""
        if self._own_host is None:
            return []
        port = self.listener.getsockname()[1]
        return [address(self._own_host, port), *([self._own_host] if port == 80 else [])]


def _store_twin(port: Port) -> None:
    """Have the service manager keep the twin, by a message of its own: units of old releases keep one socket."""
    if port.twin is not None:
        service_manager.store(port.twin)


def _unlocked() -> str:
    """Describe what being served without a lock means."""
    return (
        f"A second start is not prevented, and `wesktop ctl` does not reach this one; `kill {os.getpid()}` ends it."
    )
