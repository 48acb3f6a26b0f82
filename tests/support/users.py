"""Another user of the machine, as a process of its own; none is created."""

import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import wesktop
import wesktopd

OTHER = 65534  # nobody
VICTIM = 54321  # a user who is not root either

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user's process takes root to start")

READING = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")  # the interpreter, in root's home
STARTS_ITSELF = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'import wesktop']))"


@functools.cache
def as_other() -> tuple[str, ...]:
    """What runs a command of this environment as OTHER, who may read everything where that takes it; else skips."""
    command = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")
    for how in (command, (*command, *READING)):
        tried = [*how, sys.executable, "-c", STARTS_ITSELF]
        if subprocess.run(tried, cwd="/", capture_output=True, check=False).returncode == 0:
            return how
    pytest.skip("another user cannot run this environment")


# All that the code needs is loaded before: the interpreter may be where only root can read.
BECOME = """
import contextlib, errno, json, os, pathlib, pwd, socket, stat, sys, tomllib
from wesktopd import configs, paths
from wesktopd.system import atomic_files as files
from wesktopd.system.posix import lock
from wesktopd.logs import logfile
from wesktopd.instance import pidfile
from wesktopd.system.posix import private_files
from wesktopd.wire import control_messages
from wesktopd.instance import state
from wesktopd.system.posix import control_socket
from wesktopd.errors import WesktopError
import encodings.ascii, encodings.idna, platformdirs, platformdirs.unix, psutil, tomli_w
pwd.getpwuid(0)
os.setgroups([]); os.setgid({user}); os.setuid({user})
os.umask({umask})
"""


@functools.cache
def interpreter_of(user: int) -> tuple[str, str] | None:
    """An interpreter that this user can run wesktop with, and its PYTHONPATH; None where there is none.

    The one that runs the tests may be where only root can read. The system's can take its packages, where they are
    built for the same version.
    """
    packages = os.pathsep.join(str(Path(str(module.__file__)).parents[1]) for module in (wesktop, wesktopd, msgspec))
    for python, path in ((sys.executable, ""), ("/usr/bin/python3", packages)):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(
                [python, "-c", "import wesktop, wesktopd, msgspec, granian, webview"],
                env={"PYTHONPATH": path},
                user=user,
                group=user,
                extra_groups=(),
                cwd="/",
                capture_output=True,
                check=True,
            )
            return python, path
    return None


def give(directory: Path, user: int) -> None:
    """Make all of the directory this user's."""
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, user, user, follow_symlinks=False)


def run_as(user: int, source: str, *arguments: Any, umask: int = 0o022, **env: str) -> str:
    """Run code as another user; what it printed. AssertionError, with its output, when it fails."""
    done = subprocess.run(
        [sys.executable, "-c", BECOME.format(user=user, umask=umask) + source, *map(str, arguments)],
        env={**os.environ, **env},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
