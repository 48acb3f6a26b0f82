"""Takes from the test process what the session or the service that it was started from has set up for itself.

A proxy would be asked for 127.0.0.1, a real display or browser would be used, a table be as narrow as the terminal;
and nothing would end by Ctrl-C under nohup or in the background, where that is ignored (POSIX, sh, 2.11).
"""

import compileall
import os
import re
import signal
import sys
from pathlib import Path

FOREIGN = re.compile(
    r"""DISPLAY | WAYLAND_\w+ | XAUTHORITY | XDG_\w+ | DESKTOP_\w+ | DBUS_\w+ | BROWSER
    | (GTK|GDK|GIO|GSETTINGS|QT|WEBKIT)_\w+ | NO_AT_BRIDGE
    | \w+_proxy
    | COLUMNS | LINES | NO_COLOR | FORCE_COLOR | CLICOLOR\w* | TTY_\w+ | TERM
    | LANGUAGE | LC_\w+
    | NOTIFY_SOCKET | LISTEN_\w+ | WATCHDOG_\w+ | INVOCATION_ID | JOURNAL_STREAM
    | PYTHONWARNINGS | PYTHONUNBUFFERED | WESKTOP_(APP|BUS|LAUNCHD_SOCKETS)""",
    re.VERBOSE | re.IGNORECASE,
)

ROOT = Path(__file__).parents[2]
ENDS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)


def leave() -> None:
    """Have this process, and all that it starts, take no part in them."""
    for name in [name for name in os.environ if FOREIGN.fullmatch(name)]:
        del os.environ[name]
    os.environ["LANG"] = "C.UTF-8"
    # What the tests start keeps no bytecode: of an app that a test writes twice within a second, in the same length,
    # the first would be run again. What it imports of ours is compiled before, see `compile_ours`.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = False  # so that pytest keeps the tests as it has rewritten them; until they run
    os.umask(0o022)
    for number in ENDS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def compile_ours() -> None:
    """Compile both packages, where they have changed: each of a thousand processes would do it again."""
    for package in ("wesktop", "supervisor/wesktopd"):
        compileall.compile_dir(ROOT / package, quiet=2)
