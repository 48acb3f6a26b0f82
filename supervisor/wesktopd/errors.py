"""Every exception that wesktop raises on purpose. The whole tree:

WesktopError
+-- ConfigurationError (ValueError)   a parameter is wrong: nothing was started
|   +-- TargetError                   the target is not of the form "module:attribute"
+-- StartupError                      the app did not start; `log_tail` holds its last lines
|   +-- TargetImportError             its module or attribute is missing, raises, or is not callable
|   +-- LifespanError                 its lifespan answered `lifespan.startup.failed`
+-- BindError (OSError)               the address cannot be bound
|   +-- PortInUseError                another process has the port; the message names it
|   +-- BindPermissionError           the port is one that this user may not bind
+-- AlreadyRunningError               a server of this name runs already
+-- PidFileError                      the PID file cannot be written, or is not ours to write
+-- WindowError                       the window did not open, crashed, or could not carry out a request
|   +-- NoDisplayError                there is no display to open it on
|   +-- NoBackendError                no GUI toolkit is installed; the message has the command that installs one
+-- ServiceError                      the system's service manager refuses; no change remains
|   +-- ServicePermissionError        changing the machine's services requires root
+-- NoWindowError                     the app has no window for a request, or it was closed first
+-- DialogOpenError                   its window already has a dialog open
+-- NotRunningError                   no server of this name runs
+-- ControlError                      communication with a running server failed
    +-- ControlTimeoutError           it did not answer in time
    +-- ControlPermissionError        it belongs to another user
"""

import errno


class WesktopError(Exception):
    """The base class.

    `message` is one sentence that names the value and the remedy. `log_tail` is the end of the server's log if the
    application itself failed, else empty; `str()` shows both. `exit_code` is the exit code of the command line.
    """

    exit_code = 1

    def __init__(self, message: str, log_tail: str = "") -> None:
        super().__init__(message, log_tail)
        self.message = message
        self.log_tail = log_tail

    def __str__(self) -> str:
        if not self.log_tail:
            return self.message
        return f"{self.message}\nThe last lines of its log:\n{self.log_tail}"


class ConfigurationError(WesktopError, ValueError):
    """A parameter is wrong. Raised before anything is started."""

    exit_code = 2


class TargetError(ConfigurationError):
    """The target is an object, or a string that is not of the form "module:attribute"."""


class StartupError(WesktopError):
    """The application's worker ended, or stayed silent for too long, before it was ready."""


class TargetImportError(StartupError):
    """The target's module does not import, has no such attribute, or the attribute is not callable."""


class LifespanError(StartupError):
    """The application's lifespan failed at start-up."""


class BindError(WesktopError, OSError):
    """The address cannot be bound: no such host, or a port that is not free. `errno` is set if it is known."""

    code: int | None = None

    def __init__(self, message: str, log_tail: str = "") -> None:
        super().__init__(message, log_tail)
        self.errno, self.strerror = self.code, message  # OSError would use the constructor's arguments


class PortInUseError(BindError):
    """Another process listens on the port."""

    code = errno.EADDRINUSE


class BindPermissionError(BindError):
    """This user may not bind the port."""

    exit_code = 4
    code = errno.EACCES


class AlreadyRunningError(WesktopError):
    """A server of this name already runs for this user."""


class PidFileError(WesktopError):
    """The PID file cannot be written, holds something else, or names another live process."""


class WindowError(WesktopError):
    """The window did not open, its process crashed or was killed, or it could not carry out a request."""


class NoDisplayError(WindowError):
    """There is no display: neither Wayland nor an X server answers."""


class NoBackendError(WindowError):
    """No GUI toolkit that pywebview can use is installed."""


class ServiceError(WesktopError):
    """A service cannot be installed, removed or inspected, or did not start."""


class ServicePermissionError(ServiceError):
    """This user may not change the machine's services."""

    exit_code = 4


class NoWindowError(WesktopError):
    """The app has no window to carry out a request, or it was closed first."""

    exit_code = 3


class DialogOpenError(WesktopError):
    """The app's window already has a dialog open; there is only one at a time."""


class NotRunningError(WesktopError):
    """No server of this name runs for this user."""

    exit_code = 3


class ControlError(WesktopError):
    """The control connection broke, or the other side does not speak the protocol."""


class ControlTimeoutError(ControlError):
    """A running server did not answer in time."""

    exit_code = 5


class ControlPermissionError(ControlError):
    """A running server belongs to another user."""

    exit_code = 4


def _tree(base: type[WesktopError]) -> dict[str, type[WesktopError]]:
    found = {base.__name__: base}
    for child in base.__subclasses__():
        found |= _tree(child)
    return found


_BY_NAME = _tree(WesktopError)


def failed(error: Exception) -> WesktopError:
    """Return the error to report to waiting callers when an exception ends the supervisor."""
    return error if isinstance(error, WesktopError) else StartupError(f"the supervisor has failed: {error!r}")


def from_wire(name: str, message: str, log_tail: str = "") -> WesktopError:
    """Return the exception that another process reported by its class's name; `WesktopError` for an unknown name."""
    return _BY_NAME.get(name, WesktopError)(message, log_tail)
