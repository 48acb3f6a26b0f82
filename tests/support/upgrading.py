"""An upgrade, and what it leaves."""

import contextlib
import shutil
from pathlib import Path

import psutil

import wesktopd
from support.running import NAME, Running


def upgrade(app: Running) -> None:
    """Upgrade it."""
    assert "has taken over" in app.ctl("upgrade", NAME)


def supervisors(app: Running) -> list[int]:
    """The processes that are a supervisor of it, or what an upgrade has left of one."""
    found = []
    for process in app.processes():
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            if {"wesktopd", "wesktopd.successor"} & {*process.cmdline()}:
                found.append(process.pid)
    return found


def install(home: Path, file: str, old: str, new: str) -> None:
    """Install another release of wesktop, for an app with `home / "packages"` as PYTHONPATH; or change that.

    It differs in one place: file, what stands there, what instead.
    """
    packages = home / "packages"
    if not packages.exists():
        shutil.copytree(Path(wesktopd.__file__).parent, packages / "wesktopd")
    path = packages / "wesktopd" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
