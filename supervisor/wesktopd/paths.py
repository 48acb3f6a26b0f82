"""The paths of an app's socket, lock and state. Every directory that is created here is private to its owner."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from wesktopd.errors import ConfigurationError
from wesktopd.spec import MAX_NAME, check_name, is_name
from wesktopd.system import MAX_SOCKET_PATH, NotPrivateError, control_socket, private_dir, runtime_directories

APP = "wesktop"

_looked_in: Path | None = None  # in place of `runtime_dir`


@contextlib.contextmanager
def looking_in(runtime: Path) -> Iterator[None]:
    """Within this block, `AppPaths` has the files of this runtime directory, which is there."""
    global _looked_in
    before, _looked_in = _looked_in, runtime
    try:
        yield
    finally:
        _looked_in = before


class AppPaths:
    """The files of one app in the runtime directory: its `lock`, its `state`, the socket of its event
    bus, and what leads to its control socket.

    Raises ConfigurationError for a name that no app can have, so that none leads out of these directories.
    """

    def __init__(self, name: str) -> None:
        check_name(name)
        runtime = _place()
        self.lock = runtime / f"{name}.lock"
        self.socket = runtime / f"{name}.sock"
        self.tcp = runtime / f"{name}{control_socket.SUFFIX}"
        self.bus = runtime / f"{name}.bus"
        self.state = runtime / f"{name}.state"

    @property
    def control(self) -> Path:
        """By which the app's control socket is reached: the one that is there, else the one that would be made."""
        made = self.tcp if control_socket.uses_tcp() else self.socket
        other = self.socket if made is self.tcp else self.tcp
        return other if other.exists() and not made.exists() else made

    def remove_control(self) -> None:
        """Remove what a supervisor that was killed has left."""
        for path in (self.socket, self.tcp, self.bus, self.state):
            with contextlib.suppress(OSError):  # it does not exist, or is a directory, which is not ours
                path.unlink()


def _place() -> Path:
    return _looked_in or runtime_dir()


def runtime_dir() -> Path:
    """The private directory for sockets and locks, made if need be.

    The platform's own (XDG_RUNTIME_DIR on Linux) where it can be used and is short enough for a socket's address,
    else one of this user's in the temporary directory. The order depends on nothing but the environment, so that
    a server and its clients agree. Raises ConfigurationError if neither is possible.
    """
    refused = []
    for candidate in runtime_candidates():
        try:
            return usable(candidate)
        except OSError as error:
            refused.append(str(error) if isinstance(error, NotPrivateError) else f"{candidate}: {error.strerror}")
    raise ConfigurationError(
        f"no directory for the control socket ({'; '.join(refused)}): set XDG_RUNTIME_DIR to a directory of your own."
    )


def usable(candidate: Path) -> Path:
    """Create a candidate, private to its owner. Raises OSError if that fails, or sockets cannot be there."""
    if len(os.fsencode(candidate)) + 1 + MAX_NAME + len(".sock") > MAX_SOCKET_PATH:
        raise OSError(errno.ENAMETOOLONG, "its path is too long for a socket's address")
    private_dir(candidate)
    return candidate


def runtime_candidates() -> list[Path]:
    """Return the candidates of `runtime_dir`, in its order, without creating them."""
    return runtime_directories(APP)


def port_file(name: str) -> Path:
    """Return the path of an app's port between runs; not created. Raises ConfigurationError without a home."""
    return _of_home("user_state_path") / f"{name}.port"


def host_file(name: str) -> Path:
    """Return the path of its own host name, see wesktopd.instance.own_host.

    Raises ConfigurationError for a user without a home.
    """
    return _of_home("user_state_path") / f"{name}.host"


def window_file(name: str) -> Path:
    """Return the path of its window's geometry. Raises ConfigurationError for a user without a home."""
    return _of_home("user_state_path") / f"{name}.window"


def zoom_file(name: str) -> Path:
    """Return the path of its pages' zoom factor. Raises ConfigurationError for a user without a home."""
    return _of_home("user_state_path") / f"{name}.zoom"


def config_file(name: str) -> Path:
    """Return the path of an app's spec, for `wesktop ctl start`. Raises ConfigurationError without a home."""
    check_name(name)
    return _of_home("user_config_path") / f"{name}.toml"


def log_file(name: str) -> Path:
    """Return the path of an app's log. Raises ConfigurationError for a user without a home."""
    check_name(name)
    return _of_home("user_log_path") / f"{name}.log"


def storage_dir(name: str) -> Path:
    """Return the directory of the page's cookies and localStorage; not created.

    Raises ConfigurationError for a user without a home.
    """
    return _of_home("user_data_path") / name


def _of_home(kind: str) -> Path:
    import platformdirs  # late: most uses need the socket directory only

    try:
        place: Path = getattr(platformdirs, kind)(APP, appauthor=False)
    except RuntimeError as error:
        raise ConfigurationError(f"there is no directory for the app's files ({error}): set HOME.") from None
    return place


def running_names() -> list[str]:
    """The names that have a control socket: those that run, and any that were killed."""
    found = (*_place().glob("*.sock"), *_place().glob(f"*{control_socket.SUFFIX}"))
    return sorted({path.stem for path in found if is_name(path.stem)})
