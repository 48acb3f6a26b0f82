"""What makes a process the one server of an app's name: the lock, the PID file and the listening socket.

It needs no event loop: the first worker is told what to serve while the supervisor is still loading asyncio.
"""

import socket
from pathlib import Path

from wesktopd.channel import WorkerSpec, hand_over
from wesktopd.errors import AlreadyRunningError, ConfigurationError
from wesktopd.launch import Launched, fill_standard_descriptors, launch_worker
from wesktopd.listener import listen, url_of
from wesktopd.lock import Lock
from wesktopd.paths import AppPaths, port_file
from wesktopd.pidfile import PidFile
from wesktopd.spec import AppSpec


class Instance:
    """Holds an app's name, for as long as it is entered: a context manager.

    Entering raises AlreadyRunningError, PidFileError or BindError, and then nothing is held.
    """

    def __init__(self, spec: AppSpec) -> None:
        self.spec = spec
        self.paths = AppPaths(spec.name)
        self._lock = Lock(self.paths.lock)
        self._pid_file = PidFile(spec.pid_path) if spec.pid_path else None
        self._listener: socket.socket | None = None
        self._workers: list[Launched] = []

    def __enter__(self) -> "Instance":
        name = self.spec.name
        fill_standard_descriptors()
        try:
            locked = self._lock.acquire()
        except OSError as error:
            raise ConfigurationError(f"lock file {error.filename!r} cannot be opened: {error.strerror}.") from None
        if not locked:
            raise AlreadyRunningError(
                f"{name!r} runs already: stop it with `wesktop ctl stop {name}`, or give another name."
            )
        try:
            if self._pid_file:
                self._pid_file.claim()
            self._listener = listen(self.spec.host, self.spec.port, name, self._port_memory())
        except BaseException:
            self.__exit__()
            raise
        self.url = url_of(self._listener)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:  # none lives, unless an exception came between its start and its supervision
            if worker.process.poll() is None:
                worker.abandon()
        if self._listener is not None:
            self._listener.close()
        if self._pid_file:
            self._pid_file.release()
        self._lock.release()

    def _port_memory(self) -> Path | None:
        """Where a chosen port is kept; a user without a home has to do without."""
        if self.spec.port:
            return None
        try:
            return port_file(self.spec.name)
        except ConfigurationError:
            return None

    def start_worker(self, worker: Launched | None = None) -> Launched:
        """Have a worker serve, a new one or one that was launched already. Raises OSError when the system refuses."""
        assert self._listener is not None, "enter the instance first"
        spec = WorkerSpec(
            target=self.spec.target,
            working_dir=self.spec.working_dir,
            import_path=self.spec.import_path,
            factory=self.spec.factory,
            drain_timeout=self.spec.drain_timeout,
        )
        worker = worker or launch_worker()
        hand_over(worker.channel, spec, self._listener)
        self._workers = [*(other for other in self._workers if other.process.returncode is None), worker]
        return worker
