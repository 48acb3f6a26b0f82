"""The end of a window's process, and the error that it means for the process that opened the window.

    it ends                                                     `run()`
    after `Closed`: its user, its page, its server or its       returns, whatever its exit code: libraries may crash
      caller has closed the window                                in their exit handlers
    with 0 after it had opened: the same, by a toolkit that     returns
      did not end in time, and was not waited for
    by SIGTERM, SIGINT or SIGHUP: it was asked to, as at a      returns
      logout
    after `NotOpened`                                           raises what that names
    with 0 before it had opened                                 raises WindowError
    with any other code: its display is gone (1, GTK), an       raises WindowError
      uncaught exception (1), what it is given is no window's
    by any other signal: the kernel is out of memory or         raises WindowError that names the signal
      somebody kills it (SIGKILL), a library crashes
      (SIGSEGV, SIGABRT)
    not, though its channel has: an exit handler hangs          kills it after two seconds, as if it had ended with 0

In all of them the server goes on or ends as if its user had closed the window.
"""

import signal

from wesktopd.errors import WindowError

ASKED_TO_END = (-signal.SIGTERM, -signal.SIGINT, -getattr(signal, "SIGHUP", signal.SIGTERM))


def window_error(code: int, *, opened: bool) -> WindowError | None:
    """Return what is wrong with a window's process that ended without `Closed`; None if nothing is.

    code: as in subprocess, negative for a signal. opened: whether the window was on the screen.
    """
    if code in ASKED_TO_END or (opened and code == 0):
        return None
    from wesktopd.system import describe_exit  # late: the window waits for the importers of this module

    when = "while its window was open" if opened else "before it had opened a window"
    return WindowError(f"the window's process ended {when} ({describe_exit(code)}): `wesktop doctor` may say why.")
