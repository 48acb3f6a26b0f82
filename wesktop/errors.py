"""The exceptions that `run()` and `serve()` raise; their tree is in `wesktopd.errors`."""

from wesktopd.errors import (
    AlreadyRunningError,
    BindError,
    ConfigurationError,
    ControlError,
    ControlTimeoutError,
    LifespanError,
    NoBackendError,
    NoDisplayError,
    NotRunningError,
    PidFileError,
    PortInUseError,
    StartupError,
    TargetError,
    TargetImportError,
    WesktopError,
    WindowError,
)

__all__ = [
    "WesktopError",
    "ConfigurationError",
    "TargetError",
    "StartupError",
    "TargetImportError",
    "LifespanError",
    "BindError",
    "PortInUseError",
    "AlreadyRunningError",
    "PidFileError",
    "WindowError",
    "NoDisplayError",
    "NoBackendError",
    "NotRunningError",
    "ControlError",
    "ControlTimeoutError",
]
