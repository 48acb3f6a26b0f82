"""The table: which processes there are, in which order."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

# psutil measures a process's CPU between two looks, and looks closer together than this say little.
MAX_AGE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Row:
    """One process. `cpu` is percent of one core, `memory` resident bytes, `started` seconds of the Unix epoch."""

    pid: int
    name: str
    user: str
    cpu: float
    memory: int
    threads: int
    state: str
    started: float


@dataclass(frozen=True, slots=True)
class Sort:
    """The sort order of a column: its key, and whether large values come first by default."""

    key: Callable[[Row], str | float | tuple[float, ...]]
    descending: bool = False


SORTS = {
    "name": Sort(lambda row: row.name.casefold()),
    "pid": Sort(lambda row: row.pid),
    "user": Sort(lambda row: row.user.casefold()),
    "cpu": Sort(lambda row: (row.cpu, row.memory), descending=True),  # most are idle: of those, the large ones
    "memory": Sort(lambda row: row.memory, descending=True),
    "threads": Sort(lambda row: row.threads, descending=True),
    "state": Sort(lambda row: row.state),
}


def arrange(rows: Iterable[Row], sort: str, descending: bool | None = None) -> list[Row]:
    """Sort by a column of SORTS; equal rows by PID, so that they do not change places from one look to the next."""
    column = SORTS[sort]
    by_pid = sorted(rows, key=lambda row: row.pid)
    return sorted(by_pid, key=column.key, reverse=column.descending if descending is None else descending)


def read_rows() -> list[Row]:
    """Look at every process: some 0.1 ms each, so not in the event loop."""
    wanted = ["pid", "name", "username", "cpu_percent", "memory_info", "num_threads", "status", "create_time"]
    return [_row(process.info) for process in psutil.process_iter(wanted)]


def _row(info: dict[str, object]) -> Row:
    """Replace None, for values that the system hides, by an empty one or 0."""
    memory = info["memory_info"]
    return Row(
        pid=int(str(info["pid"])),
        name=str(info["name"] or ""),
        user=str(info["username"] or ""),
        cpu=round(float(str(info["cpu_percent"] or 0)), 1),
        memory=getattr(memory, "rss", 0),
        threads=int(str(info["num_threads"] or 0)),
        state=str(info["status"] or ""),
        started=round(float(str(info["create_time"] or 0)), 2),
    )


class Table:
    """The processes as of at most MAX_AGE ago, however many pages ask."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._rows: list[Row] = []
        self._taken = float("-inf")

    async def rows(self) -> list[Row]:
        async with self._lock:
            if time.monotonic() - self._taken >= MAX_AGE:
                self._rows = await asyncio.to_thread(read_rows)
                self._taken = time.monotonic()
            return self._rows
