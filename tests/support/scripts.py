"""A user's script in a directory of its own, run as a process of its own, and what becomes of it."""

import collections
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from support.waiting import wait_for

# Below those that outgoing connections take (from 32768) and those that wesktop chooses (from 20000).
_PORTS = range(10000, 20000)
_chance = random.SystemRandom()  # pytest-randomly seeds the shared one anew for each test
_held: "collections.deque[socket.socket]" = collections.deque(maxlen=100)


def free_port() -> int:
    """A port that nobody has, nor gets from here in this or another process of tests, whoever runs them.

    A socket that is bound to it, and does not listen, says so. Servers can take it all the same, as they set
    SO_REUSEADDR and now the socket does too (socket(7)); who looks for a port here does not.
    """
    while True:
        sock = socket.socket()
        try:
            sock.bind(("127.0.0.1", _chance.choice(_PORTS)))
        except OSError:
            sock.close()
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if len(_held) == _held.maxlen:
            _held.popleft().close()
        _held.append(sock)
        port: int = sock.getsockname()[1]
        return port


def get(url: str, *headers: str, timeout: float = 20.0) -> bytes:
    """The body of a 200 answer. headers: lines as in "Cookie: a=b"."""
    request = urllib.request.Request(url, headers=dict(line.split(": ", 1) for line in headers))
    with urllib.request.urlopen(request, timeout=timeout) as response:
        body: bytes = response.read()
        return body


def answers(url: str, *headers: str) -> bytes | None:
    """The body, or None while nobody answers with 200."""
    try:
        return get(url, *headers, timeout=5.0) or b" "
    except (urllib.error.URLError, OSError):
        return None


class Script:
    """A running script. `output` is what it and its server have printed; `tree` all its processes so far."""

    def __init__(
        self,
        path: Path,
        env: dict[str, str],
        args: tuple[str, ...] = (),
        user: int | None = None,
        python: str = sys.executable,
    ) -> None:
        self._log = path.with_suffix(".out")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [python, str(path), *args],
                cwd=path.parent, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, user=user, group=user, extra_groups=None if user is None else (),
            )  # fmt: skip
        self.pid = self.process.pid
        self._seen: dict[int, psutil.Process] = {}

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def tree(self) -> list[psutil.Process]:
        """The living processes that the script has started, and theirs, oldest first; remembers them."""
        roots = [self.pid, *self._seen]
        for pid in roots:
            try:
                for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                    self._seen.setdefault(process.pid, process)
            except psutil.NoSuchProcess:
                continue
        return [process for process in self._seen.values() if alive(process)]

    def find(self, module: str) -> psutil.Process:
        """The one living process of the tree that runs `python -m module`."""

        def look() -> psutil.Process | None:
            for process in self.tree():
                try:
                    if module in process.cmdline():
                        return process
                except psutil.Error:
                    continue
            return None

        return wait_for(look, lambda: f"a process that runs {module}; output: {self.output}")

    def wait(self, timeout: float = 20.0) -> int:
        """The exit code."""
        wait_for(lambda: self.process.poll() is not None, lambda: f"the script's end; output: {self.output}", timeout)
        return self.process.wait()

    def close(self) -> None:
        """End whatever is left."""
        for process in self.tree():
            try:
                process.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        self.process.wait()


def alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie that nobody has reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def isolated_env(home: Path) -> dict[str, str]:
    """An environment in which the user's directories are below `home`, so that tests cannot meet."""
    runtime = home / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "PYTHONFAULTHANDLER": "1",  # what hangs tells where, see Shown
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }


@contextlib.contextmanager
def scratch_home() -> Iterator[Path]:
    """Make a home directory, and end all that runs from it; pytest's paths are too long for a socket's address."""
    with tempfile.TemporaryDirectory(prefix="wesktop-") as directory:
        home = Path(directory)
        yield home
        end_all(home)  # what still writes there would keep it from being removed


@contextlib.contextmanager
def script_starter(home: Path) -> Iterator[Callable[..., Script]]:
    """Start scripts from their source in an environment of their own; everything that they started ends with this."""
    started: list[Script] = []
    env = isolated_env(home)

    def start(name: str, source: str, *args: str, **extra_env: str) -> Script:
        script = Script(write_script(home, name, source), {**env, **extra_env}, args)
        started.append(script)
        return script

    yield start
    for script in started:
        script.close()


def write_script(directory: Path, name: str, source: str) -> Path:
    """Write a module into `directory`."""
    path = directory / f"{name}.py"
    path.write_text(textwrap.dedent(source))
    return path


def left_behind(home: Path) -> list[str]:
    """What is left in the runtime directory of `isolated_env(home)`."""
    return sorted(path.name for path in (home / "run" / "wesktop").glob("*"))


def running_from(home: Path) -> list[psutil.Process]:
    """All living processes that were started with this home directory or in it, whoever their parent is by now.

    Chromium's helpers, which write to its profile, put their titles where their environment was.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            here = str(home) in (process.cwd(), process.environ().get("HOME"))
            if here and alive(process) and process.pid != os.getpid():
                found.append(process)
    return found


def end_all(home: Path) -> None:
    """Kill them, and those that they start meanwhile; returns when none is left that could write there."""

    def none_left() -> bool:
        found = running_from(home)
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        return not found

    wait_for(none_left, lambda: f"the end of all processes: {running_from(home)}")
