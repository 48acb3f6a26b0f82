"""Check that the tests notice small changes to the product: `make mutants`, or `scripts/mutants.py --only WORD`.

`tests/mutants/*.toml` list the mutants, each with the tests that must fail with it. They run in private copies of the
tree, one for each job. Tests that fail without any mutant prove nothing, so each set of tests runs unmutated first.

    killed      a test failed
    survived    every test passed
    timed out   the tests had not ended by themselves within --limit
    error       the tests could not run, or fail without the mutant as well

The exit code is 1 unless all were killed.
"""

import argparse
import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
LISTS = Path("tests/mutants")
PRODUCT = ("wesktop/", "supervisor/")
LIMIT = 600.0  # seconds for one run of pytest; above the 300 s in which a test that hangs ends itself
PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider")
FAILED = 1  # pytest's exit code when tests ran, and one of them failed
NOT_COPIED = (".git", ".venv*", "__pycache__", ".*_cache", "build", "dist")
TAIL = 15  # lines of pytest's output shown for an error


class Mutant(NamedTuple):
    """One small change, and the tests that must fail with it."""

    listed: str  # the name of its list, without .toml
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied(self, root: Path) -> str:
        """Return the text of the mutated file. Raises ValueError unless `old` occurs exactly once."""
        path = root / self.file
        text = path.read_text() if path.is_file() else None
        count = 0 if text is None else text.count(self.old)
        if text is None or count != 1:
            where = "does not exist" if text is None else f"has the old text {count} times, not once"
            raise ValueError(f"mutant {self.name!r} of {self.listed}.toml: {self.file} {where}")
        return text.replace(self.old, self.new)


class Result(NamedTuple):
    """The outcome of one mutant."""

    mutant: Mutant
    outcome: str
    seconds: float
    details: str = ""

    def __str__(self) -> str:
        head = f"{self.outcome:<10}{self.seconds:6.1f} s  {self.mutant.listed}: {self.mutant.name}"
        return "\n    ".join([head, *self.details.splitlines()])


def read_lists(directory: Path) -> list[Mutant]:
    """Return the mutants of all lists. Raises ValueError for an entry that is malformed, or named like another."""
    found: list[Mutant] = []
    for path in sorted(directory.glob("*.toml")):
        found += [_entry(path.stem, number, one) for number, one in enumerate(_tables(path), 1)]
    for name, count in Counter(mutant.name for mutant in found).items():
        if count > 1:
            raise ValueError(f"{count} mutants are named {name!r}")
    return found


def _tables(path: Path) -> list[dict[str, Any]]:
    try:
        data = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} is not TOML: {error}") from None
    tables = data.pop("mutant", [])
    if data or not isinstance(tables, list):
        raise ValueError(f"{path.name} must consist of [[mutant]] tables")
    return tables


def _entry(listed: str, number: int, table: dict[str, Any]) -> Mutant:
    try:
        mutant = Mutant(listed, **{**table, "tests": tuple(table["tests"])})
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"entry {number} of {listed}.toml: name, file, old, new, tests are needed: {error}"
        ) from None
    if not mutant.tests or not mutant.old or mutant.old == mutant.new or not mutant.file.startswith(PRODUCT):
        raise ValueError(f"mutant {mutant.name!r} of {listed}.toml must change a file of the product, and name tests")
    return mutant


def choose(mutants: list[Mutant], words: list[str]) -> list[Mutant]:
    """Return those that a word names: by their list, their file or a part of their name. All without words."""

    def named(mutant: Mutant) -> bool:
        labels = {mutant.listed, f"{mutant.listed}.toml", f"{LISTS}/{mutant.listed}.toml", mutant.file}
        return any(word in labels or word in mutant.name for word in words)

    return [mutant for mutant in mutants if named(mutant)] if words else mutants


class Tree:
    """A copy of the tree with an environment of its own, which shares the packages of this one."""

    def __init__(self, root: Path, at: Path) -> None:
        self.root = at / "tree"
        self._scratch = at / "t"  # short: sockets lie in it, whose addresses are limited
        self._scratch.mkdir(parents=True)
        shutil.copytree(root, self.root, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        self._python = _environment(self.root)
        self._closed = False

    @contextlib.contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """Apply a mutant while this is entered."""
        path = self.root / mutant.file
        original, changed = path.read_text(), mutant.applied(self.root)
        self._write(path, changed)
        try:
            yield
        finally:
            self._write(path, original)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        # Stale compiled code is recognised by size and whole seconds alone.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    def run(self, tests: tuple[str, ...], limit: float) -> tuple[int | None, str]:
        """Run these tests; pytest's exit code, None when the limit was over first, and its output."""
        if self._closed:
            raise RuntimeError("this copy of the tree is not used any more")
        env = {**os.environ, "TMPDIR": str(self._scratch)}
        env.pop("VIRTUAL_ENV", None)
        output = self._scratch / "output"
        with output.open("wb") as log, subprocess.Popen(
            [self._python, *PYTEST, *tests], cwd=self.root, env=env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            try:
                code: int | None = process.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                self.end_processes()
        return code, output.read_text(errors="replace")

    def end_processes(self) -> None:
        """Kill everything that was started from here: tests that end early leave servers behind."""
        while found := [process for process in psutil.process_iter() if self._started(process)]:
            for process in found:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(found, timeout=5)

    def close(self) -> None:
        """End the run that is under way, and have no other begin."""
        self._closed = True
        self.end_processes()

    def _started(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                here = process.environ().get("TMPDIR") == str(self._scratch)
                return here or Path(process.cwd()).is_relative_to(self.root.parent)
        return False


def _environment(root: Path) -> str:
    """Make `.venv` below root: the tree there is what is imported, all else comes from this environment."""
    here = Path(sys.prefix)
    venv = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    packages = Path(sysconfig.get_path("purelib"))
    # A path in a .pth file is added as it is: the .pth files there, which name the working tree, are not read.
    paths = f"{root}\n{root / 'supervisor'}\n{packages}\n"
    (venv / packages.relative_to(here) / "tree.pth").write_text(paths)
    for script in (here / "bin").iterdir():
        if script.is_file() and not (venv / "bin" / script.name).exists():
            content = script.read_bytes()
            if content.startswith(b"#!"):
                (venv / "bin" / script.name).write_bytes(content.replace(os.fsencode(here), os.fsencode(venv)))
                (venv / "bin" / script.name).chmod(0o755)
    return str(venv / "bin" / "python")


def judge(code: int | None, output: str) -> tuple[str, str]:
    """Return the outcome of a mutated run, with details."""
    if code is None:
        return "timed out", _tail(output)
    if code == FAILED:
        # pytest-timeout ends the process for a test that hangs.
        by_limit = re.search(r"^\++ Timeout \++$", output, re.MULTILINE) is not None
        return "killed", "by the time limit of the test" if by_limit else ""
    return ("survived", "") if code == 0 else ("error", f"pytest ended with {code}\n{_tail(output)}")


def _tail(output: str) -> str:
    return "\n".join(output.splitlines()[-TAIL:])


def run_group(tree: Tree, mutants: list[Mutant], limit: float) -> list[Result]:
    """Run mutants that share their tests, after these tests without any."""
    tests = mutants[0].tests
    code, output = tree.run(tests, limit)
    if code != 0:
        detail = f"the tests do not pass without the mutant\n{_tail(output)}"
        return [Result(mutant, "error", 0, detail) for mutant in mutants]
    found = []
    for mutant in mutants:
        started = time.monotonic()
        with tree.mutated(mutant):
            outcome, details = judge(*tree.run(tests, limit))
        found.append(Result(mutant, outcome, time.monotonic() - started, details))
    return found


def run_all(root: Path, mutants: list[Mutant], jobs: int, limit: float) -> Iterator[Result]:
    """Run them in as many copies of the tree as there are jobs; each result when it is there."""
    groups: dict[tuple[str, ...], list[Mutant]] = {}
    for mutant in mutants:
        mutant.applied(root)
        groups.setdefault(mutant.tests, []).append(mutant)
    with tempfile.TemporaryDirectory(prefix="mut-") as directory:
        Path(directory).chmod(0o711)  # some tests have processes of other users, who have to get to their files
        trees = [Tree(root, Path(directory).resolve() / str(number)) for number in range(min(jobs, len(groups)))]
        free: queue.SimpleQueue[Tree] = queue.SimpleQueue()
        for tree in trees:
            free.put(tree)

        def run(group: list[Mutant]) -> list[Result]:
            tree = free.get()
            try:
                return run_group(tree, group, limit)
            finally:
                free.put(tree)

        with ThreadPoolExecutor(max(1, len(trees))) as pool:
            pending = [pool.submit(run, group) for group in groups.values()]
            try:
                for done in as_completed(pending):
                    yield from done.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                for tree in trees:
                    tree.close()


def main() -> int:
    """Run the mutants that were chosen; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="a list, a file or a part of a name")
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time (default %(default)s)")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one run of the tests")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    outcomes: Counter[str] = Counter()
    try:
        chosen = choose(read_lists(ROOT / LISTS), options.only)
        if not chosen:
            raise ValueError(f"no mutant is named by {' '.join(options.only)!r}")
        for result in run_all(ROOT, chosen, options.jobs, options.limit):
            print(result, flush=True)
            outcomes[result.outcome] += 1
    except ValueError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 1
    print(f"{outcomes.total()} mutants:", ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    return 0 if outcomes.total() == outcomes["killed"] else 1


if __name__ == "__main__":
    sys.exit(main())
