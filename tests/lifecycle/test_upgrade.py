"""`wesktop ctl upgrade`: another supervisor takes the place of the one that runs, and nobody notices."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.load import load
from support.running import NAME, Running, Start
from support.scripts import Script, alive, free_port
from support.upgrading import supervisors, upgrade
from support.waiting import wait_for
from wesktopd.control.server_connection import GREETING_TIMEOUT
from wesktopd.wire.greeting import ClientGreeting, NotProvenError


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
    assert (home / "state" / "wesktop" / "log" / f"{NAME}.log").read_text().count("first half,") == 1
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


def test_a_program_of_the_users_own_is_left_alone(
    start_script: Callable[..., Script], start_app: Start, home: Path
) -> None:
    app = start_app()
    port = free_port()
    served = start_script("mine", f"import wesktop\nwesktop.serve('app:app', port={port}, name='mine')")
    wait_for(lambda: app.command("ctl", "wait", "mine", "--timeout", "0").returncode == 0, "it to be ready")
    done = app.command("ctl", "upgrade", "mine")
    assert done.returncode == 1
    assert "runs inside your program" in done.stderr
    assert served.process.poll() is None


def test_its_files_are_the_new_supervisors(start_app: Start, home: Path) -> None:
    app = start_app()
    upgrade(app)
    state = json.loads((home / "run" / "wesktop" / f"{NAME}.state").read_text())
    assert state["supervisor"]["pid"] == app.status()["pid"]


@pytest.mark.long
def test_what_an_old_one_has_to_tell_is_raised_although_the_new_one_is_slow(start_app: Start, home: Path) -> None:
    more = """
@router.get("/much")
async def much(request):
    Path("begun").touch()
    while not Path("go").exists():
        await asyncio.sleep(0.01)
    for number in range(500):
        print(number, "x" * 2000, flush=True)
        await asyncio.sleep(0)
    print("the last of it", flush=True)
"""
    app = start_app("--drain-timeout", "60", more=more)
    before = app.status()
    old, worker = before["pid"], before["workers"][0]["pid"]
    with app.begin_request("/much"):
        wait_for((home / "begun").exists, "the request")
        upgrade(app)
        new = app.status()["pid"]
        os.kill(new, signal.SIGSTOP)  # whose socket takes a part of it
        try:
            (home / "go").touch()
            wait_for(lambda: not psutil.pid_exists(worker), "the end of the worker")
            with contextlib.suppress(AssertionError):
                wait_for(lambda: not psutil.pid_exists(old), "the end of the old one, too early", 1)
        finally:
            os.kill(new, signal.SIGCONT)
    wait_for(lambda: not psutil.pid_exists(old), "the end of the old one")
    wait_for(lambda: "the last of it" in app.logs(), "the last line")


@pytest.mark.parametrize("when", ["half of the number", "challenged", "half of the proof"])
def test_who_is_in_the_middle_of_a_greeting_ends_it_with_the_new_one(start_app: Start, home: Path, when: str) -> None:
    app = start_app(WESKTOP_CONTROL="tcp")
    took = GREETING_TIMEOUT
    while took >= GREETING_TIMEOUT:  # a machine that is too busy for that hangs up on him
        began = time.monotonic()
        answer = greet_amid_upgrade(app, home, when)
        took = time.monotonic() - began
    assert json.loads(answer)["type"] == "report"


def greet_amid_upgrade(app: Running, home: Path, when: str) -> bytes:
    """Greet over TCP, have it upgraded meanwhile, and ask for its status; the answer, nothing where it hangs up."""
    port, secret = (home / "run" / "wesktop" / f"{NAME}.tcp").read_text().split()
    greeting = ClientGreeting(secret)
    with socket.create_connection(("127.0.0.1", int(port)), 20) as client, client.makefile("rb") as answers_to:
        client.sendall(greeting.hello[:30])
        if when == "half of the number":
            upgrade(app)
        with contextlib.suppress(ConnectionError, NotProvenError):
            client.sendall(greeting.hello[30:])
            proof = greeting.answer(answers_to.readline())
            if when == "half of the proof":
                client.sendall(proof[:30])
            if when != "half of the number":
                upgrade(app)
            client.sendall(proof[30 if when == "half of the proof" else 0 :] + b'{"type":"status","id":7}\n')
            return answers_to.readline()
    return b""


def test_who_has_not_proved_himself_is_not_believed_by_the_new_one_either(start_app: Start, home: Path) -> None:
    app = start_app(WESKTOP_CONTROL="tcp")
    port, secret = (home / "run" / "wesktop" / f"{NAME}.tcp").read_text().split()
    with socket.create_connection(("127.0.0.1", int(port)), 20) as client, client.makefile("rb") as answers_to:
        client.sendall(ClientGreeting(secret).hello)
        own = answers_to.readline().split()[1]
        upgrade(app)
        client.sendall(own + b'\n{"type":"status","id":7}\n')
        with contextlib.suppress(ConnectionError):
            assert answers_to.readline() == b""


def test_a_pid_file_names_the_new_supervisor_and_is_removed_at_its_end(start_app: Start, home: Path) -> None:
    app = start_app("--pid-path", str(home / "pid"))
    upgrade(app)
    assert int((home / "pid").read_text()) == app.status()["pid"]
    assert alive(psutil.Process(app.status()["pid"]))
    app.ctl("stop", NAME)
    assert not (home / "pid").exists()
