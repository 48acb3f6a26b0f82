"""An upgrade that fails on the way, at every step: the supervisor that was there goes on, and nothing has changed."""

import contextlib
import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from support.load import load
from support.running import NAME, Running, Start
from support.upgrading import install, supervisors, upgrade
from support.waiting import wait_for

HANDOVER, INCOMING = "upgrade/messages.py", "upgrade/new_supervisor.py"
INDENT = " " * 12
TAKES_OVER, CONNECTS, REMEMBERS, CONFIRMS = (
    f"{INDENT}handed = self._predecessor.take_over()\n",
    f"{INDENT}await connect(app, handed, self._predecessor.socket)\n",
    f"{INDENT}_restore(app, handed)\n",
    f"{INDENT}self._predecessor.confirm()\n",
)
DEFECT = f"{INDENT}raise RuntimeError('a defect')\n"


def waiting(name: str) -> str:
    """Code that tells where it is, and waits until it may go on."""
    lines = ["import time", "from pathlib import Path", f"Path('{name}').touch()"]
    lines += ["while not Path('go').exists(): time.sleep(0.01)"]
    return "".join(f"{INDENT}{line}\n" for line in lines)


def test_until_it_has_taken_over_the_new_workers_answer_nobody(start_app: Start, home: Path) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    install(home, INCOMING, TAKES_OVER, waiting("ready") + TAKES_OVER)
    app.write("two")
    upgrading = app.begin("ctl", "upgrade", NAME)
    wait_for((home / "ready").exists, "its workers")
    assert {app.version() for _ in range(50)} == {"one"}
    (home / "go").touch()
    assert upgrading.wait(30) == 0
    assert {app.version() for _ in range(20)} == {"two"}


CANNOT = [
    (
        "successor.py",
        "import contextlib\n",
        "raise ImportError('half of a release')\n",
        "has ended before it took over: ImportError: half of",
    ),
    ("spec.py", "    label: str =", "    word: str =", "cannot take over from this one"),
    (HANDOVER, "    started: float", "    news: str\n    started: float", "cannot take over from this one"),
    (HANDOVER, "FORMAT = ", "FORMAT = 1000 + ", "cannot take over from this one"),
    (HANDOVER, "    config_file: str | None", "    news: str\n    config_file: str | None", "cannot take over"),
]


def refused(app: Running, said: str) -> None:
    """An upgrade is refused, and nothing has changed."""
    before = app.status()
    with app.attach() as lease:
        assert json.loads(lease.readline())["type"] == "ready"
        with load(app.port) as clients:
            done = app.command("ctl", "upgrade", NAME)
        assert clients.failures == []
        assert done.returncode == 1
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        after = app.status()
        assert after["windows"] == 1
        assert (after["pid"], after["generation"]) == (before["pid"], before["generation"])
        assert [worker["pid"] for worker in after["workers"]] == [worker["pid"] for worker in before["workers"]]
        os.kill(app.get()["pid"], signal.SIGKILL)
        assert [json.loads(lease.readline())["type"] for _ in range(2)] == ["down", "ready"]
    wait_for(lambda: supervisors(app) == [before["pid"]], "the end of the successor")
    assert "the upgrade is given up" in app.logs()
    app.write("two")
    app.ctl("restart", NAME)
    assert app.version() == "two"
    app.ctl("stop", NAME)
    app.nothing_left(5)


@pytest.mark.parametrize(("file", "old", "new", "said"), CANNOT, ids=range(5))
def test_a_release_that_cannot_take_over_is_refused_and_the_old_one_goes_on(
    start_app: Start, home: Path, file: str, old: str, new: str, said: str
) -> None:
    app = start_app("--max-lifetime", "9999", PYTHONPATH=str(home / "packages"))
    install(home, file, old, new)
    refused(app, said)


AT = {
    "before it has said a word": ("successor.py", "    predecessor = PredecessorLink(inherit_channel(fd))\n"),
    "when it has begun": (INCOMING, "        pool = app.pool\n"),
    "when it was told all": (INCOMING, TAKES_OVER),
    "when it has connected": (INCOMING, CONNECTS),
    "when it knows all": (INCOMING, REMEMBERS),
    "when it was confirmed": (
        "upgrade/predecessor_link.py",
        "            read_line(self._channel)  # Confirmed, and not a byte of what follows\n",
    ),
}


@pytest.mark.parametrize(
    "how", ["__import__('signal').raise_signal(9)", "raise RuntimeError('a defect')"], ids=["killed", "raises"]
)
@pytest.mark.parametrize("at", AT)
def test_one_that_ends_on_the_way_changes_nothing(start_app: Start, home: Path, at: str, how: str) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    file, line = AT[at]
    indent = line[: len(line) - len(line.lstrip())]
    install(home, file, line, f"{line}{indent}{how}\n")
    refused(app, "release of wesktop")


def test_code_of_the_app_that_does_not_start_is_raised_with_its_log_and_the_old_goes_on(start_app: Start) -> None:
    app = start_app()
    before = app.status()
    app.write("two", "raise RuntimeError('no good')")
    done = app.command("ctl", "upgrade", NAME)
    assert done.returncode == 1
    assert "RuntimeError: no good" in done.stderr
    assert app.version() == "one"
    assert app.status()["pid"] == before["pid"]
    app.write("three")
    upgrade(app)
    assert app.version() == "three"
    assert app.status()["trouble"] is None


def test_while_it_is_handed_over_a_token_lets_one_in_and_once(start_app: Start, home: Path) -> None:
    """The old one's workers still ask while it is not settled yet whose the tokens are."""
    app = start_app("--session", PYTHONPATH=str(home / "packages"))
    links = [app.ctl("open", NAME, "--print-link").strip() for _ in range(4)]
    install(home, INCOMING, REMEMBERS, REMEMBERS + waiting("taking"))
    upgrading = app.begin("ctl", "upgrade", NAME)
    wait_for((home / "taking").exists, "the takeover")
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(opens, links[0]) for _ in range(2)]
        wait_for(lambda: accepted(app) == 2, "both requests")
        (home / "go").touch()
    assert sorted(each.result() for each in asked) == [False, True]
    assert upgrading.wait(30) == 0
    assert [opens(link) for link in (links[0], links[1], links[1])] == [False, True, False]


def accepted(app: Running) -> int:
    """How many connections its workers have."""
    workers = [each for each in app.processes() if "wesktopd.worker" in each.cmdline()]
    found = [each for worker in workers for each in worker.net_connections()]
    return sum(each.status == psutil.CONN_ESTABLISHED for each in found)


def opens(link: str) -> bool:
    """Whether it lets somebody in."""
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", link], capture_output=True, text=True, check=True
    )
    return done.stdout in ("302", "303", "200")


@pytest.mark.parametrize("verb", ["logs", "events"])
def test_who_follows_gets_nothing_twice(start_app: Start, home: Path, verb: str) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    install(home, INCOMING, CONFIRMS, DEFECT + CONFIRMS)
    with app.following(verb, NAME, "-f") as line:
        assert app.command("ctl", "upgrade", NAME).returncode == 1
        app.ctl("scale", NAME, "2")
        seen = [line()]
        while "2 workers are wanted" not in seen[-1]:
            seen.append(line())
    assert len(set(seen)) == len(seen)


def test_what_a_worker_has_begun_to_print_that_ends_meanwhile_is_a_line(start_app: Start, home: Path) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    install(home, INCOMING, CONNECTS, waiting("told") + CONNECTS)
    install(home, INCOMING, CONFIRMS, DEFECT + CONFIRMS)
    worker = app.get()["pid"]
    with app.begin_request("/held"):
        wait_for((home / "held").exists, "the request")
        upgrading = app.begin("ctl", "upgrade", NAME)
        wait_for((home / "told").exists, "the handover")
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not psutil.pid_exists(worker), "its end")
        (home / "go").touch()
        assert upgrading.wait(30) == 1
    wait_for(lambda: app.events()[-1] == "worker-ready", "another worker")
    assert "first half," in app.logs()


def test_what_a_client_has_not_read_comes_once(start_app: Start, home: Path) -> None:
    """Its socket takes more, in the moment in which the new one has it."""
    app = start_app(PYTHONPATH=str(home / "packages"))
    install(home, INCOMING, CONNECTS, waiting("told") + CONNECTS)
    install(home, INCOMING, CONFIRMS, DEFECT + CONFIRMS)
    with app.control_connection() as window, window.makefile("rb") as events:
        window.sendall(b'{"type":"attach","kind":"window"}\n')
        assert json.loads(events.readline())["type"] == "ready"
        for number in range(7):  # more than its socket takes
            with app.control_connection() as other, other.makefile("rb") as answers_to:
                request = {"type": "launch", "arguments": [f"{number}".rjust(60_000)], "directory": "/"}
                other.sendall(json.dumps(request).encode() + b"\n")
                assert json.loads(answers_to.readline())["type"] == "done"
        upgrading = app.begin("ctl", "upgrade", NAME)
        wait_for((home / "told").exists, "the handover")
        heard = [json.loads(events.readline()) for _ in range(4)]
        (home / "go").touch()
        assert upgrading.wait(30) == 1
        heard += [json.loads(events.readline()) for _ in range(10)]
    assert [event["type"] for event in heard] == ["raise", "launched"] * 7
    assert [int(event["arguments"][0]) for event in heard[1::2]] == [*range(7)]


def test_of_a_new_one_that_it_has_given_up_nobody_was_answered(start_app: Start, home: Path) -> None:
    """The old one did not run when the new one was about to take over, and then its patience was over."""
    install(home, "upgrade/old_supervisor.py", "TAKE_TIMEOUT = 10.0", "TAKE_TIMEOUT = 1.0")
    app = start_app("--pid-path", str(home / "pid"), PYTHONPATH=str(home / "packages"))
    before = app.status()
    install(home, INCOMING, CONFIRMS, waiting("told") + CONFIRMS + f"{INDENT}Path('confirmed').touch()\n")
    upgrading = app.begin("ctl", "upgrade", NAME)
    wait_for((home / "told").exists, "the handover")
    os.kill(before["pid"], signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        (home / "go").touch()
        wait_for(lambda: time.monotonic() > stopped + 2, "the end of its patience")
        assert not (home / "confirmed").exists()
    finally:
        os.kill(before["pid"], signal.SIGCONT)
    assert upgrading.wait(30) == 1
    assert app.status()["pid"] == before["pid"]
    assert int((home / "pid").read_text()) == before["pid"]
    assert app.version() == "one"


@pytest.mark.parametrize("line", [CONNECTS, REMEMBERS, CONFIRMS], ids=["told", "connected", "about to say so"])
def test_when_the_old_one_is_killed_and_the_new_one_has_all_it_goes_on(
    start_app: Start, home: Path, line: str
) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    old = app.status()["pid"]
    install(home, INCOMING, line, waiting("told") + line)
    with app.attach() as lease:
        assert json.loads(lease.readline())["type"] == "ready"
        upgrading = app.begin("ctl", "upgrade", NAME)
        wait_for((home / "told").exists, "the handover")
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: old not in supervisors(app), "its end")
        (home / "go").touch()
        assert upgrading.wait(30) == 0
        assert json.loads(lease.readline())["type"] == "ready"
        assert app.settled(1)["windows"] == 1
        assert app.version() == "one"


def test_when_the_old_one_is_killed_before_it_has_handed_over_the_new_one_ends(start_app: Start, home: Path) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    install(home, INCOMING, TAKES_OVER, waiting("ready") + TAKES_OVER)
    upgrading = app.begin("ctl", "upgrade", NAME)
    wait_for((home / "ready").exists, "the new one's workers")
    os.kill(app.status()["pid"], signal.SIGKILL)
    (home / "go").touch()
    assert upgrading.wait(30) == 1
    wait_for(lambda: not app.processes(), "the end of all")


def test_where_no_descriptors_are_left_nobody_is_hung_up_on(start_app: Start) -> None:
    app = start_app()
    supervisor = psutil.Process(app.status()["pid"])
    with contextlib.ExitStack() as attached:
        leases = [attached.enter_context(app.attach()) for _ in range(30)]
        assert {json.loads(lease.readline())["type"] for lease in leases} == {"ready"}
        limit = supervisor.rlimit(psutil.RLIMIT_NOFILE)
        first_free = max(int(found.name) for found in Path(f"/proc/{supervisor.pid}/fd").iterdir()) + 1
        supervisor.rlimit(psutil.RLIMIT_NOFILE, (first_free + 15, limit[1]))  # for a process, not for 30 copies
        done = app.command("ctl", "upgrade", NAME)
        assert done.returncode == 1
        assert "Too many open files" in done.stderr
        assert app.status()["windows"] == 30
        supervisor.rlimit(psutil.RLIMIT_NOFILE, limit)
        upgrade(app)
        assert {json.loads(lease.readline())["type"] for lease in leases} == {"ready"}
        assert app.status()["windows"] == 30
