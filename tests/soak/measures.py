"""What the app's processes hold: before the load, and after it, when as much is to be there and no more."""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from soak.ledger import Ledger
from soak.service import CommandFailed, Service

TRACEBACK = "Traceback (most recent call last)"
FRAME_LINES = 6  # of a traceback, that are told with the exception
SAMPLE_EVERY = 5.0
WARM = 120.0  # seconds after which a supervisor's memory is to grow no more
MAX_GROWTH = 2 * 1024 * 1024  # bytes
FALLS_WITHIN = 45.0  # seconds in which what is closed is gone: granian keeps an idle connection for 30
# Threads that are begun when they are first needed, and kept: the writers of log and output, the pools of a worker.
SPARE_THREADS_OF_SUPERVISOR = 3
SPARE_THREADS_OF_WORKER = 6


@dataclass
class Held:
    """What one process holds. descriptors: by kind."""

    descriptors: Counter[str]
    threads: int
    rss: int
    tasks: Counter[str] = field(default_factory=Counter)

    @classmethod
    def by(cls, pid: int, tasks: dict[str, int] | None = None) -> "Held":
        """Look at a process."""
        process = psutil.Process(pid)
        return cls(descriptors(pid), process.num_threads(), process.memory_info().rss, Counter(tasks or {}))


@dataclass
class Snapshot:
    """The whole app. files: in the runtime directory and the home; processes: how many there are."""

    supervisor: Held
    workers: dict[int, Held]
    files: set[str]
    processes: int

    @classmethod
    async def take(cls, service: Service) -> "Snapshot":
        """Look at the app, which has settled. Raises CommandFailed."""
        pids = await service.settled()
        supervisor = await service.supervisor()
        told = await service.inside(pids)
        await asyncio.sleep(0.3)  # what these questions have opened is closed
        return cls(
            Held.by(supervisor),
            {pid: Held.by(pid, told[pid]["tasks"]) for pid in pids},
            files(service.home, service.log_dir),
            len(service.processes()),
        )

    def beyond(self, before: "Snapshot") -> list[str]:
        """Return what this has that was not there before."""
        found = [f"file {name}" for name in sorted(self.files - before.files)]
        if self.processes > before.processes:
            found.append(f"{self.processes} processes instead of {before.processes}")
        found += _beyond("supervisor", self.supervisor, [before.supervisor], SPARE_THREADS_OF_SUPERVISOR)
        for pid, worker in self.workers.items():
            found += _beyond(f"worker {pid}", worker, [*before.workers.values()], SPARE_THREADS_OF_WORKER)
        return found


def _beyond(name: str, now: Held, before: list[Held], spare_threads: int) -> list[str]:
    found = []
    for what in ("descriptors", "tasks"):
        most: Counter[str] = Counter()
        for held in before:
            most |= getattr(held, what)
        if more := getattr(now, what) - most:
            found.append(f"{name} has more {what}: {dict(more)}")
    threads = max(held.threads for held in before)
    if now.threads > threads + spare_threads:
        found.append(f"{name} has {now.threads} threads instead of {threads}")
    return found


def descriptors(pid: int) -> Counter[str]:
    """Return the open descriptors of a process, by what they are: a path, or a kind such as "socket"."""
    found: Counter[str] = Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[re.sub(r":\[\d+\]$", "", str(entry.readlink()))] += 1
        except OSError:  # it was closed meanwhile
            continue
    return found


def files(home: Path, log_dir: Path) -> set[str]:
    """Return the files below the home, but for the log's and compiled code."""
    return {
        str(path.relative_to(home))
        for path in home.rglob("*")
        if not path.is_relative_to(log_dir) and "__pycache__" not in path.parts
    }


async def compare(service: Service, before: Snapshot, ledger: Ledger) -> Snapshot:
    """Take a snapshot that has no more than the one before; where there is none in time, that is a broken promise."""
    deadline = time.monotonic() + FALLS_WITHIN
    while True:
        now = await Snapshot.take(service)
        more = now.beyond(before)
        if not more or time.monotonic() > deadline:
            break
        await asyncio.sleep(1)
    for each in more:
        ledger.breaks(f"left over: {each}")
    return now


def exceptions(log: list[str]) -> list[str]:
    """Return what was raised, by the tracebacks in the lines of a log: `TIME PID STREAM TEXT`."""
    found = []
    lines = [(*line.split(" ", 3), "", "", "", "")[:4] for line in log]
    for number, (at, *source, text) in enumerate(lines):
        if text.startswith(TRACEBACK):
            # Lines of others come between those of a traceback, which are indented but for the last.
            rest = [after for _, *other, after in lines[number + 1 :] if other == source]
            ends = next((index for index, line in enumerate(rest) if line[:1] not in ("", " ")), None)
            raised = [text] if ends is None else [rest[ends], *(line.strip() for line in rest[:ends][-FRAME_LINES:])]
            found.append(f"{at} {' '.join(source)} {' | '.join(raised)}")
    return found


@dataclass
class Memory:
    """The supervisor's memory. warm: by the PID of each supervisor, when it had run for `WARM` seconds."""

    warm: dict[int, int] = field(default_factory=dict)
    last: int = 0

    async def watch(self, service: Service) -> None:
        """Look at it until this is cancelled."""
        while True:
            try:
                pid = await service.supervisor()
                self.last = psutil.Process(pid).memory_info().rss
                if time.time() - psutil.Process(pid).create_time() >= WARM:
                    self.warm.setdefault(pid, self.last)
            except (CommandFailed, psutil.NoSuchProcess):
                pass  # it stands still, or another takes its place
            await asyncio.sleep(SAMPLE_EVERY)

    def check(self, ledger: Ledger) -> None:
        """Compare what it is now with that of the first supervisor that was warm."""
        if not self.warm:
            ledger.notes["memory of the supervisor not compared: it ran for less than two minutes"] += 1
            return
        growth = self.last - next(iter(self.warm.values()))
        if growth > MAX_GROWTH:
            ledger.breaks(f"the supervisor's memory has grown by {growth / 2**20:.1f} MiB since it was warm")
