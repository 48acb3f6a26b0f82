"""Another user of the machine, as a process of its own; none is created."""

import functools
import os
import subprocess
import sys
from typing import Any

import pytest

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
from wesktopd import configs, files, lock, logfile, paths, pidfile, private, protocol, state, transport
from wesktopd.errors import WesktopError
import encodings.ascii, encodings.idna, platformdirs, platformdirs.unix, psutil, tomli_w
pwd.getpwuid(0)
os.setgroups([]); os.setgid({user}); os.setuid({user})
os.umask({umask})
"""


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
