"""The supervisor compared with its peers: `python -m benchmarks.supervisor [--only restart,idle]`.

restart     requests that fail in restarts: at 500 new connections a second, saturated, with an app that takes 6 s
crash       a worker's SIGKILL to the next 200, and what was refused meanwhile
death       the supervisor's SIGKILL to no process left, of four workers
idle        the supervisor's memory, and its processor time in 30 s
status      the whole command that asks how things are

Every figure is of real processes, in this run. It takes about five minutes, and assumes a machine that does nothing
else: the rates and times are those of client and server on the same processors. See connections.py for what counts
as failed.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from benchmarks.connections import get, load
from benchmarks.servers import APP, BIN, CIRCUS, GRANIAN, GUNICORN, NAME, SUPERVISORD, WESKTOP, Contender, Server
from benchmarks.startup import command, compare

Row = tuple[str, ...]


def table(title: str, columns: Row, rows: Sequence[Row]) -> None:
    """Print it; the first column is of names."""
    print(f"\n{title}\n{'':16}" + "".join(f"{column:>16}" for column in columns))
    for name, *cells in rows:
        print(f"{name:16}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def restarts(lab: Path) -> None:
    """Load and restarts, one a second or one after another's end; the peers have fewer of the first kind."""
    kinds = {
        "500 new connections/s": (500.0, 2000, "/", 1.0, {WESKTOP: 50, GUNICORN: 20, GRANIAN: 20}, ""),
        "saturated, 400 open": (5000.0, 400, "/work", 1.0, {WESKTOP: 10, GUNICORN: 10, GRANIAN: 10}, ""),
        "a start takes 6 s": (500.0, 4000, "/", 8.0, {WESKTOP: 2, GUNICORN: 2, GRANIAN: 2}, "6"),
    }
    for title, (rate, at_once, path, every, times, delay) in kinds.items():
        rows = []
        for contender, count in times.items():
            with contender.running(lab) as server:
                if delay:
                    (lab / "delay").write_text(delay)
                try:
                    outcome = asyncio.run(
                        load(server.port, rate, at_once, path, lambda: _restart(contender, server, count, every))  # noqa: B023
                    )
                finally:
                    (lab / "delay").unlink(missing_ok=True)
            kinds_of = ", ".join(f"{number} {kind}" for kind, number in outcome.failures.items())
            figures = (str(count), str(outcome.made), str(outcome.failed), f"{outcome.longest * 1000:.0f}")
            rows.append((contender.name, *figures, f"  {kinds_of}"))
        table(title, ("restarts", "requests", "failed", "longest ms", ""), rows)


async def _restart(contender: Contender, server: Server, count: int, every: float) -> None:
    assert contender.restart is not None
    for _ in range(count):
        until = time.monotonic() + every
        await contender.restart(server)
        await asyncio.sleep(until - time.monotonic())
    await asyncio.sleep(1)


def crashes(lab: Path, rounds: int = 9) -> None:
    """Measure each on a fresh server, so that none is in backoff."""
    rows = []
    for contender in (WESKTOP, GUNICORN, GRANIAN):
        times, failed = [], 0
        for _ in range(rounds):
            with contender.running(lab) as server:
                time.sleep(1)
                started = time.perf_counter()
                worker = server.workers()[0]
                worker.kill()
                while _living([worker]):  # what it had begun, it may yet answer
                    pass
                while asyncio.run(get(server.port)):
                    failed += 1
                    time.sleep(0.001)
                times.append((time.perf_counter() - started) * 1000)
        figures = (f"{statistics.median(times):.0f}", f"{min(times):.0f}", f"{max(times):.0f}", str(failed))
        rows.append((contender.name, *figures))
    table("a worker's SIGKILL to the next 200, ms", ("median", "min", "max", "failed"), rows)


def deaths(lab: Path, patience: float = 5.0) -> None:
    """Measure how long after the supervisor's SIGKILL a process of it is still there."""
    rows = []
    for contender, rounds in {WESKTOP: 5, GUNICORN: 1, GRANIAN: 1, SUPERVISORD: 1, CIRCUS: 1}.items():
        times, left = [], 0
        for _ in range(rounds):
            with contender.running(lab, workers=4) as server:
                time.sleep(0.5)
                tree = server.tree()
                started = time.perf_counter()
                os.kill(server.process.pid, signal.SIGKILL)
                while (living := _living(tree)) and time.perf_counter() - started < patience:
                    time.sleep(0.005)
                times.append((time.perf_counter() - started) * 1000)
                left += len(living)
                for process in living:
                    process.kill()
        took = "never" if left else f"{statistics.median(times):.0f}"
        rows.append((contender.name, took, str(left)))
    table("the supervisor's SIGKILL to no process left, 4 workers", ("median ms", "left after 5 s"), rows)


def _living(processes: list[psutil.Process]) -> list[psutil.Process]:
    living = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living


def idle(lab: Path, seconds: float = 30.0) -> None:
    """Measure all at the same time: idle ones do not disturb one another."""
    contenders = (WESKTOP, SUPERVISORD, CIRCUS, GUNICORN, GRANIAN)
    with contextlib.ExitStack() as stack:
        servers = {contender.name: stack.enter_context(contender.running(lab)) for contender in contenders}
        time.sleep(5)  # what is done once after a start is over
        before = {name: _cpu(server.process.pid) for name, server in servers.items()}
        time.sleep(seconds)
        rows = []
        for name, server in servers.items():
            used = _cpu(server.process.pid) - before[name]
            memory = server.process.memory_full_info()
            rows.append((name, f"{memory.rss / 2**20:.1f}", f"{memory.pss / 2**20:.1f}", f"{used * 1000:.1f}"))
    table(f"the supervisor alone, idle for {seconds:g} s", ("RSS MiB", "PSS MiB", "CPU ms"), rows)


def _cpu(pid: int) -> float:
    """Seconds of processor time of its threads: the scheduler's nanoseconds, where utime has steps of 10 ms."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def status(lab: Path) -> None:
    """Each with one app of one worker."""
    with SUPERVISORD.running(lab), CIRCUS.running(lab), WESKTOP.running(lab):
        time.sleep(1)  # supervisord takes a process for started after a second
        contenders = {
            "supervisorctl status": command(
                str(BIN / "supervisorctl"), "-c", str(lab / "supervisord.conf"), "status"
            ),
            "circusctl status": command(str(BIN / "circusctl"), "--endpoint", f"ipc://{lab}/circus.sock", "status"),
            "wesktop ctl status": command(str(BIN / "wesktop"), "ctl", "status", NAME),
        }
        compare("whole command", contenders, rounds=15)


MEASURES: dict[str, Callable[[Path], None]] = {
    "status": status,
    "idle": idle,
    "crash": crashes,
    "death": deaths,
    "restart": restarts,
}


def main() -> None:
    """Measure what was chosen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(MEASURES), metavar="NAME,...")
    wanted = parser.parse_args().only.split(",")
    if unknown := set(wanted) - set(MEASURES):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    with tempfile.TemporaryDirectory(prefix="wesktop-bench-") as directory:
        for variable in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            os.environ[variable] = directory
        lab = Path(directory)
        (lab / "bench_app.py").write_text(APP)
        print(f"load average before: {os.getloadavg()[0]:.2f}")
        for name in wanted:
            MEASURES[name](lab)


if __name__ == "__main__":
    main()
