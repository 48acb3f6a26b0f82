"""A control group of one's own in each hierarchy that systemd uses."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from support.waiting import wait_for

MOUNTED = Path("/sys/fs/cgroup")


def hierarchies() -> Iterator[Path]:
    """Where this process is: cgroup v2, or v1 and v2 side by side (cgroups(7), /proc/PID/cgroup)."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "name=systemd":
            yield MOUNTED / "systemd" / path.lstrip("/")
        elif not controllers:
            unified = MOUNTED / "unified"
            yield (unified if unified.is_dir() else MOUNTED) / path.lstrip("/")


class ControlGroup:
    """Groups of one name. None where this user may make none."""

    def __init__(self, name: str) -> None:
        self.directories: list[Path] = []
        for hierarchy in hierarchies():
            with contextlib.suppress(OSError):
                (hierarchy / name).mkdir()
                self.directories.append(hierarchy / name)

    def remove(self) -> None:
        """Once all that was in them has ended."""
        wait_for(lambda: all(_removed(directory) for directory in self.directories), "the end of all in the group")


def _removed(directory: Path) -> bool:
    """Whether it is gone, with all below it; the kernel's files in it are no obstacle."""
    try:
        for path, _, _ in os.walk(directory, topdown=False):
            Path(path).rmdir()
    except OSError:
        return False
    return True
