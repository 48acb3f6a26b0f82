"""`wesktop ctl upgrade`: another supervisor takes the place of the one that runs, and nobody notices."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from support.load import load
from support.running import COMMAND, NAME, Running, Start
from support.scripts import Script, alive, free_port
from support.waiting import wait_for


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


def test_under_load_no_request_is_lost_and_what_it_knows_is_kept(start_app: Start) -> None:
    app = start_app("--workers", "2")
    before, events = app.status(), app.events()
    with load(app.port) as clients:
        for _ in range(3):
            upgrade(app)
    assert clients.failures == []
    after = app.settled(2)
    assert after["started"] == before["started"]
    assert after["generation"] == before["generation"] + 3
    assert after["pid"] != before["pid"]
    assert app.events()[: len(events)] == events
    assert app.events().count("upgraded") == 6
    assert "serving app:app" in app.logs()
    wait_for(lambda: supervisors(app) == [after["pid"]], "the end of the old ones")


def test_what_it_did_before_it_does_afterwards(start_app: Start) -> None:
    app = start_app()
    upgrade(app)
    os.kill(app.get()["pid"], signal.SIGKILL)
    wait_for(lambda: app.status()["workers"][0]["restarts"] == 1, "another worker")
    app.write("two")
    with load(app.port) as clients:
        app.ctl("restart", NAME)
        app.ctl("scale", NAME, "2")
    assert clients.failures == []
    assert app.settled(2)["generation"] == 3
    assert app.version() == "two"
    app.ctl("stop", NAME)
    app.nothing_left(2)


def test_when_it_has_answered_the_new_code_serves(start_app: Start) -> None:
    app = start_app("--workers", "2")
    app.write("two")
    upgrade(app)
    assert {app.version() for _ in range(20)} == {"two"}


def test_the_number_of_workers_and_a_kept_port_are_the_same(start_app: Start) -> None:
    app = start_app("--workers", "2")
    app.ctl("scale", NAME, "3")
    url = app.status()["url"]
    upgrade(app)
    assert app.settled(3)["url"] == url


def test_a_request_that_was_begun_before_is_answered_and_what_its_worker_prints_is_kept(
    start_app: Start, home: Path
) -> None:
    app = start_app("--drain-timeout", "60")
    with app.begin_request("/held") as held:
        wait_for((home / "held").exists, "the request")
        upgrade(app)
        assert len(supervisors(app)) == 2
        (home / "go").touch()
        with held.makefile("rb") as answer:
            assert b"200" in answer.readline()
            wait_for(lambda: "first half, second half" in app.logs(), "the line")
    wait_for(lambda: len(supervisors(app)) == 1, "the end of the old one")
    assert app.events()[-1] == "worker-ended"


def test_a_stop_ends_what_is_left_of_the_old_one_too(start_app: Start, home: Path) -> None:
    app = start_app("--drain-timeout", "1")
    with app.begin_request("/held"):
        wait_for((home / "held").exists, "the request")
        upgrade(app)
        app.ctl("stop", NAME)
        app.nothing_left(0.5)


def test_a_stop_waits_for_what_the_old_ones_workers_have_begun(start_app: Start, home: Path) -> None:
    app = start_app("--drain-timeout", "60")
    with app.begin_request("/held") as held, held.makefile("rb") as answer:
        wait_for((home / "held").exists, "the request")
        upgrade(app)
        (worker,) = app.workers("ready")
        stopping = app.begin("ctl", "stop", NAME)
        wait_for(lambda: not psutil.pid_exists(worker["pid"]), "the end of the new one's worker")
        assert stopping.poll() is None
        (home / "go").touch()
        assert b"200" in answer.readline()
    assert stopping.wait(20) == 0
    app.nothing_left(2)


def test_when_the_new_one_is_killed_the_old_ones_workers_end_with_it(start_app: Start, home: Path) -> None:
    app = start_app("--drain-timeout", "60")
    with app.begin_request("/held"):
        wait_for((home / "held").exists, "the request")
        upgrade(app)
        os.kill(app.status()["pid"], signal.SIGKILL)
        wait_for(lambda: not app.processes(), "the end of all")


@pytest.mark.parametrize("verb", [("logs", NAME, "-f", "-n", "0"), ("events", NAME, "-f")], ids=["logs", "events"])
def test_who_follows_goes_on_and_misses_nothing(start_app: Start, verb: tuple[str, ...]) -> None:
    app = start_app(more='print("one is imported", flush=True)')
    with app.following(*verb) as line:
        app.ctl("scale", NAME, "2")
        app.ctl("upgrade", NAME)
        app.ctl("scale", NAME, "1")
        seen: list[str] = []
        while "1 workers are wanted" not in (seen or [""])[-1]:
            seen.append(line())
    assert len(set(seen)) == len(seen)
    with app.following(*verb[:2], "-f") as line:  # as it shows them
        kept = [line()]
        while "1 workers are wanted" not in kept[-1]:
            kept.append(line())
    times, expected = ([line.split()[1] for line in lines] for lines in (seen, kept[-len(seen) :]))
    assert sorted(times) == expected


def test_who_looks_all_the_time_is_always_answered(start_app: Start) -> None:
    app = start_app()
    with app.control_connection() as connection, connection.makefile("rb") as answers_to:
        for _ in range(2):
            upgrading = app.begin("ctl", "upgrade", NAME)
            while upgrading.poll() is None:
                connection.sendall(b'{"type":"status","id":7}\n')
                answer = json.loads(answers_to.readline())
                assert (answer["type"], answer["id"]) == ("report", 7)
            assert upgrading.wait() == 0


def test_until_it_has_taken_over_the_new_workers_answer_nobody(
    start_app: Start, home: Path, release: Callable[..., None]
) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    file, line = AT["when its workers are ready"]
    wait = f"{' ' * 12}import pathlib, time\n{' ' * 12}pathlib.Path('ready').touch()\n{' ' * 12}time.sleep(2)\n"
    release(file, line, wait + line)
    app.write("two")
    upgrading = app.begin("ctl", "upgrade", NAME)
    wait_for((home / "ready").exists, "its workers")
    before = {app.version() for _ in range(50)}
    if upgrading.poll() is None and app.status()["generation"] == 1:  # else this machine was too slow to look
        assert before == {"one"}
    assert upgrading.wait(30) == 0
    assert {app.version() for _ in range(20)} == {"two"}


# What cannot take over.


@pytest.fixture
def release(home: Path) -> Callable[[str, str, str], None]:
    """Another release of wesktop is installed, which differs in one place: file, what stands there, what instead."""
    import shutil

    import wesktopd

    packages = home / "packages"
    shutil.copytree(Path(wesktopd.__file__).parent, packages / "wesktopd")

    def change(file: str, old: str, new: str) -> None:
        path = packages / "wesktopd" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


CANNOT = [
    (
        "successor.py",
        "import contextlib\n",
        "raise ImportError('half of a release')\n",
        "does not load: ImportError: half of",
    ),
    ("spec.py", "    label: str =", "    word: str =", "cannot take over from this one"),
    ("handover.py", "    started: float", "    news: str\n    started: float", "cannot take over from this one"),
    ("handover.py", "FORMAT = ", "FORMAT = 1000 + ", "cannot take over from this one"),
    ("handover.py", "    config_file: str | None", "    news: str\n    config_file: str | None", "cannot take over"),
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
    start_app: Start, home: Path, release: Callable[..., None], file: str, old: str, new: str, said: str
) -> None:
    app = start_app("--max-lifetime", "9999", PYTHONPATH=str(home / "packages"))
    release(file, old, new)
    refused(app, said)


AT = {
    "before it has said a word": ("successor.py", "    predecessor = Predecessor(inherited(fd))\n"),
    "when it has begun": ("takeover.py", "        fleet = supervisor.fleet\n"),
    "when its workers are ready": ("takeover.py", "            handed = self._predecessor.take_over()\n"),
    "when it was told all": (
        "takeover.py",
        "            await connect(supervisor, handed, self._predecessor.socket)\n",
    ),
    "when it has connected": ("takeover.py", "            _remember(supervisor, handed)\n"),
}


@pytest.mark.parametrize(
    "how", ["os.kill(os.getpid(), 9)", "raise RuntimeError('a defect')"], ids=["killed", "raises"]
)
@pytest.mark.parametrize("at", AT)
def test_one_that_ends_on_the_way_changes_nothing(
    start_app: Start, home: Path, release: Callable[..., None], at: str, how: str
) -> None:
    app = start_app(PYTHONPATH=str(home / "packages"))
    file, line = AT[at]
    indent = line[: len(line) - len(line.lstrip())]
    release(file, line, f"{line}{indent}{how}\n")
    refused(app, "release of wesktop")


def test_code_of_the_app_that_does_not_start_is_told_with_its_log_and_the_old_goes_on(start_app: Start) -> None:
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


def test_while_it_is_handed_over_a_token_lets_one_in_and_once(
    start_app: Start, home: Path, release: Callable[..., None]
) -> None:
    """The old one's workers still ask while it is not settled yet whose the tokens are."""
    line = AT["when it has connected"][1]
    app = start_app("--session", PYTHONPATH=str(home / "packages"))
    links = [app.ctl("open", NAME, "--print-link").strip() for _ in range(4)]
    wait = f"{' ' * 12}import pathlib, time\n{' ' * 12}pathlib.Path('taking').touch()\n{' ' * 12}time.sleep(1)\n"
    release("takeover.py", line, line + wait)
    upgrading = app.begin("ctl", "upgrade", NAME)
    wait_for((home / "taking").exists, "the takeover")
    assert [opens(link) for link in (links[0], links[0])] == [True, False]
    assert upgrading.wait(30) == 0
    assert [opens(link) for link in (links[0], links[1], links[1])] == [False, True, False]


def opens(link: str) -> bool:
    """Whether it lets somebody in."""
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", link], capture_output=True, text=True, check=True
    )
    return done.stdout in ("302", "303", "200")


# Leases, and who waits.


def test_a_lease_is_kept(start_app: Start) -> None:
    app = start_app()
    with app.attach() as lease:
        assert json.loads(lease.readline())["type"] == "ready"
        upgrade(app)
        assert json.loads(lease.readline())["type"] == "ready"
        assert app.status()["windows"] == 1
        os.kill(app.get()["pid"], signal.SIGKILL)
        assert [json.loads(lease.readline())["type"] for _ in range(2)] == ["down", "ready"]
    wait_for(lambda: app.status()["windows"] == 0, "the lease's end")


LONG = json.dumps({"type": "launch", "id": 7, "arguments": ["ä" * 20_000], "directory": "/"}, ensure_ascii=False)


@pytest.mark.parametrize("read", [1, 10, 20_000], ids=["a byte", "some bytes", "half, and half of a letter"])
def test_what_a_window_was_saying_is_heard_to_its_end(start_app: Start, read: int) -> None:
    app = start_app()
    frame = LONG.encode() + b"\n"
    with app.control_connection() as window, window.makefile("rb") as answers_to:
        window.sendall(b'{"type":"attach","kind":"window"}\n')
        assert json.loads(answers_to.readline())["type"] == "ready"
        window.sendall(frame[:read])
        upgrade(app)
        window.sendall(frame[read:])
        heard = [json.loads(answers_to.readline())["type"] for _ in range(4)]
        assert heard == ["ready", "raise", "launched", "done"]


def test_a_window_that_does_not_read_gets_whole_frames_afterwards_in_order(start_app: Start) -> None:
    app = start_app()
    with app.control_connection() as window, window.makefile("rb") as events:
        window.sendall(b'{"type":"attach","kind":"window"}\n')
        assert json.loads(events.readline())["type"] == "ready"
        size = 60_000  # of which its socket takes a part (unix(7): in pieces of 32 KiB)
        for number in range(7):  # more than its socket takes, less than it may leave unread
            argument = f"{number}".rjust(size)
            with app.control_connection() as other, other.makefile("rb") as answers_to:
                request = {"type": "launch", "arguments": [argument], "directory": "/"}
                other.sendall(json.dumps(request).encode() + b"\n")
                assert json.loads(answers_to.readline())["type"] == "done"
        upgrade(app)
        heard = [json.loads(events.readline()) for _ in range(15)]
        assert [event["type"] for event in heard] == ["raise", "launched"] * 7 + ["ready"]
        assert [int(event["arguments"][0]) for event in heard[1:14:2]] == [*range(7)]


# In the foreground.


@pytest.fixture
def foreground(start_app: Start, home: Path) -> Iterator[tuple[Running, "subprocess.Popen[bytes]"]]:
    """The app, as `wesktop serve` runs it in a terminal; upgraded twice."""
    app = start_app()
    app.ctl("stop", NAME)
    command = [COMMAND, "serve", "app:app", "--port", str(app.port)]
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, env=app.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_for(lambda: app.command("ctl", "wait", NAME, "--timeout", "0").returncode == 0, "the app")
        for _ in range(2):
            upgrade(app)
        wait_for(lambda: len(supervisors(app)) == 1, "the end of the one between")
        yield app, process
    finally:
        process.kill()
        process.wait()


Foreground = tuple[Running, "subprocess.Popen[bytes]"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_process_in_the_foreground_ends_the_app(foreground: Foreground, number: int) -> None:
    app, process = foreground
    assert process.poll() is None
    process.send_signal(number)
    assert process.wait(20) == 0
    app.nothing_left(2)


def test_a_second_signal_does_not_wait_for_requests(foreground: Foreground, home: Path) -> None:
    app, process = foreground
    with app.begin_request("/block"):
        wait_for((home / "blocked").exists, "the request")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: app.command("ctl", "status", NAME, "--json").stdout.find('"stopping"') > 0, "the stop")
        process.send_signal(signal.SIGTERM)
        process.wait(3)
        app.nothing_left(2)


def test_a_stop_ends_the_process_in_the_foreground(foreground: Foreground) -> None:
    app, process = foreground
    app.ctl("stop", NAME)
    assert process.wait(20) == 0
    app.nothing_left(2)


def test_when_the_process_in_the_foreground_is_killed_the_app_ends(foreground: Foreground) -> None:
    app, process = foreground
    process.kill()
    process.wait()
    app.nothing_left(20)


def test_when_the_supervisor_is_killed_the_process_in_the_foreground_ends_and_says_so(
    foreground: Foreground, home: Path
) -> None:
    app, process = foreground
    os.kill(app.status()["pid"], signal.SIGKILL)
    assert process.wait(20) == 1
    wait_for(lambda: not app.processes(), "the end of all")
    assert "wesktop: the supervisor of 'app' has ended unasked.\n" in (home / "output").read_text()


def test_what_is_printed_still_comes_to_the_terminal(foreground: Foreground, home: Path) -> None:
    app, _ = foreground
    app.write("two", 'print("from the new code", flush=True)')
    app.ctl("restart", NAME)
    wait_for(lambda: "from the new code" in (home / "output").read_text(), "the line")


def test_a_program_of_the_users_own_is_left_alone(
    start_script: Callable[..., Script], start_app: Start, home: Path
) -> None:
    app = start_app()
    port = free_port()
    served = start_script("mine", f"import wesktop\nwesktop.serve('app:app', port={port}, name='mine')")
    wait_for(lambda: app.command("ctl", "wait", "mine", "--timeout", "0").returncode == 0, "it to be ready")
    done = app.command("ctl", "upgrade", "mine")
    assert done.returncode == 1
    assert "serve() runs inside of your program" in done.stderr
    assert served.process.poll() is None


def test_a_pid_file_names_the_new_supervisor_and_is_removed_at_its_end(start_app: Start, home: Path) -> None:
    app = start_app("--pid-path", str(home / "pid"))
    upgrade(app)
    assert int((home / "pid").read_text()) == app.status()["pid"]
    assert alive(psutil.Process(app.status()["pid"]))
    app.ctl("stop", NAME)
    assert not (home / "pid").exists()
