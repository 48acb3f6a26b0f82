"""WebKitGTK's sandbox for the page's process: namespaces by bubblewrap, a filter of system calls, no session bus.

Where WebKit cannot set it up it ends the window's process (g_error). So what it does is tried before, by a process
that takes some 10 ms: the same namespaces, and the paths that WebKit binds. bubblewrap passes over those that are not
there, and gives up at one that may not be looked at, as after `su` with the other user's environment.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

BWRAP, PROXY = "/usr/bin/bwrap", "/usr/bin/xdg-dbus-proxy"  # with these paths distributions build WebKit
TRIAL_WITHIN = 10.0  # seconds, for a machine that is busy

_NAMESPACES = ("--unshare-pid", "--unshare-uts", "--unshare-net", "--unshare-ipc")
_DIRECTORIES = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
_BUS = re.compile(r"unix:(?:[^;]*,)?path=([^,;]+)")


def missing() -> list[str]:
    """Return the packages that the sandbox needs and that are not installed; all distributions name them alike."""
    needed = {BWRAP: "bubblewrap", PROXY: "xdg-dbus-proxy"}
    return [package for program, package in needed.items() if not os.access(program, os.X_OK)]


class Trial:
    """A trial of the sandbox, which runs while the window is being prepared. environ: of the window's process."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._reason = ""
        if lacking := missing():
            self._reason = f"{' and '.join(lacking)} {'are' if len(lacking) > 1 else 'is'} not installed"
        elif bus_directory(environ) == "/":  # bound whole, where root's bubblewrap would make a file
            self._reason = "the session bus is a socket in the root directory"
        else:
            null = subprocess.DEVNULL
            self._process = subprocess.Popen(  # noqa: S603  the system's
                command(environ), stdin=null, stdout=null, stderr=subprocess.PIPE, text=True
            )

    def failure(self) -> str | None:
        """Return why the sandbox cannot be set up; None if it can. Waits for the trial."""
        if self._reason:
            return self._reason
        try:
            _, output = self._process.communicate(timeout=TRIAL_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return f"{BWRAP} does not answer"
        if self._process.returncode == 0:
            return None
        return (output.strip().splitlines() or [f"{BWRAP} ends with {self._process.returncode}"])[-1]


def command(environ: Mapping[str, str]) -> list[str]:
    """Return what tries it; exits with 0 if all went well."""
    paths = [f"{environ[name]}/.wesktop-trial" for name in _DIRECTORIES if environ.get(name)]
    if environ.get("XAUTHORITY"):
        paths.append(environ["XAUTHORITY"])
    binds = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for path in paths:
        binds += ["--ro-bind-try", path, path]
    if directory := bus_directory(environ):
        binds += ["--ro-bind", directory, directory]
    return [BWRAP, "--die-with-parent", *_NAMESPACES, *binds, "--", PROXY, "--version"]


def bus_directory(environ: Mapping[str, str]) -> str | None:
    """Return the directory of the session bus's socket, which WebKit binds for its proxy; None where it has none."""
    found = _BUS.match(environ.get("DBUS_SESSION_BUS_ADDRESS", ""))
    return os.path.dirname(found[1]) if found else None  # noqa: PTH120


def switch_on(webkit: Any) -> None:
    """Have the sandbox on for what pywebview shows. webkit: the WebKit2 that it uses, before it has made its context.

    A context takes it as long as it has no view alone, and pywebview makes its context and view in one go.
    """
    make = webkit.WebContext.new_with_website_data_manager

    def make_with_sandbox(manager: Any) -> Any:
        context = make(manager)
        context.set_sandbox_enabled(True)
        return context

    webkit.WebContext.new_with_website_data_manager = staticmethod(make_with_sandbox)
