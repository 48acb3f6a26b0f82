"""The control socket of a real supervisor, and those who misuse it."""

import contextlib
import json
import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.scripts import Script, free_port, left_behind
from support.waiting import wait_for
from wesktopd import client
from wesktopd.errors import ControlPermissionError, ControlTimeoutError, NotRunningError
from wesktopd.paths import AppPaths
from wesktopd.system.posix.control_socket import connect as connect_to
from wesktopd.wire.control_messages import MAX_FRAME, Done
from wesktopd.wire.window_messages import Print

NAME = "controlled"
SERVE = """
import wesktop

app = wesktop.create_app(wesktop.Router())

if __name__ == "__main__":
    wesktop.serve("controlled:app", port={port})
    print("ended")
"""


@pytest.fixture(params=["unix", "tcp"])
def transport(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the control socket is reached, here and by the scripts."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("WESKTOP_CONTROL", request.param)
    kind: str = request.param
    return kind


@pytest.fixture
def script(start_script: Callable[..., Script], transport: str) -> Script:
    """A server named `controlled`, ready."""
    started = start_script(NAME, SERVE.format(port=free_port()), WESKTOP_CONTROL=transport)
    wait_for(lambda: "serving" in started.output, lambda: f"the server; {started.output}")
    return started


@pytest.fixture
def connect(script: Script) -> Iterator[Callable[[], socket.socket]]:
    """Connect to its control socket."""
    opened = []

    def call() -> socket.socket:
        assert script.process.poll() is None
        opened.append(connect_to(AppPaths(NAME).control, 10))
        return opened[-1]

    yield call
    for sock in opened:
        sock.close()


Connect = Callable[[], socket.socket]


def ask(sock: socket.socket, line: bytes) -> dict[str, object]:
    sock.sendall(line + b"\n")
    answer: dict[str, object] = json.loads(sock.makefile("rb").readline())
    return answer


def test_all_that_it_makes_is_for_its_owner_alone(script: Script, home: Path, transport: str) -> None:
    assert script.pid
    directory = home / "run" / "wesktop"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    control = {"unix": f"{NAME}.sock", "tcp": f"{NAME}.tcp"}[transport]
    assert made == dict.fromkeys((control, *(f"{NAME}.{kind}" for kind in ("bus", "lock", "state"))), 0o600)


def test_every_answer_repeats_the_id_of_its_request(connect: Connect) -> None:
    sock = connect()
    assert ask(sock, b'{"type":"status","id":41}')["id"] == 41
    assert ask(sock, b'{"type":"focus","id":42}')["id"] == 42


@pytest.mark.parametrize("line", [b"garbage", b"[1]", b'{"type":"explode"}', b"\xff\xfe", b'{"type":"attach"}'])
def test_what_is_no_request_is_answered_and_the_connection_goes_on(connect: Connect, line: bytes) -> None:
    sock = connect()
    answer = ask(sock, line)
    assert (answer["type"], answer["error"]) == ("failed", "ControlError")
    assert ask(sock, b'{"type":"status"}')["type"] == "report"


def test_a_frame_without_end_closes_its_connection_alone(connect: Connect) -> None:
    sock, other = connect(), connect()
    with contextlib.suppress(ConnectionError):  # closed while it is still being sent, or when it is read
        sock.sendall(b"x" * (MAX_FRAME * 4))
        assert b"is longer than" in sock.makefile("rb").read()
    assert ask(other, b'{"type":"status"}')["type"] == "report"


def test_a_client_that_sends_no_more_is_answered_what_it_has_asked(connect: Connect) -> None:
    sock = connect()
    sock.sendall(b'{"type":"status"}\n{"type":"sta')
    sock.shutdown(socket.SHUT_WR)
    answer = sock.makefile("rb").read()
    assert json.loads(answer)["type"] == "report"
    assert client.status(NAME).name == NAME


def half_a_frame(sock: socket.socket) -> None:
    sock.sendall(b'{"type":"sta')


def follows_and_never_reads(sock: socket.socket) -> None:
    sock.sendall(b'{"type":"logs","follow":true}\n')


def asks_and_never_reads(sock: socket.socket) -> None:
    sock.sendall(b'{"type":"status"}\n' * 100)


def vanishes(sock: socket.socket) -> None:
    sock.sendall(b'{"type":"restart"}\n')
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize(
    ("number", "misbehave"),
    [
        (200, lambda _: None),
        (200, half_a_frame),
        (200, follows_and_never_reads),
        (50, asks_and_never_reads),
        (20, vanishes),
    ],
)
def test_status_answers_whatever_the_others_do(
    connect: Connect, number: int, misbehave: Callable[[socket.socket], None]
) -> None:
    for _ in range(number):
        misbehave(connect())
    assert client.status(NAME).name == NAME
    client.wait_ready(NAME, 20)


def test_of_too_many_connections_the_one_that_was_silent_for_longest_is_closed(connect: Connect) -> None:
    lease = connect()
    assert ask(lease, b'{"type":"attach","kind":"window"}')["type"] == "ready"
    held = [connect() for _ in range(255)]
    for connection in (*held, held[0]):
        assert ask(connection, b'{"type":"status"}')["type"] == "report"
    held.append(connect())
    assert held[1].recv(1) == b""
    assert ask(held[-1], b'{"type":"status"}')["windows"] == 1
    assert client.status(NAME).windows == 1


def test_a_lease_hears_that_the_app_is_ready_and_that_it_ends(script: Script, connect: Connect) -> None:
    lease = connect().makefile("rwb")
    lease.write(b'{"type":"attach","id":5,"kind":"window"}\n')
    lease.flush()
    first = json.loads(lease.readline())
    assert (first["type"], first["id"]) == ("ready", 5)
    assert client.status(NAME).windows == 1
    script.process.terminate()
    assert [json.loads(line)["type"] for line in lease.readlines()] == ["end"]


def test_a_lease_hears_when_the_worker_is_away_and_back(script: Script, connect: Connect) -> None:
    lease = connect().makefile("rwb")
    lease.write(b'{"type":"attach","kind":"window"}\n')
    lease.flush()
    assert json.loads(lease.readline())["type"] == "ready"
    script.find("wesktopd.worker").kill()
    down = json.loads(lease.readline())
    assert (down["type"], down["reason"]) == ("down", "killed by SIGKILL")
    assert json.loads(lease.readline())["type"] == "ready"


def test_stop_waits_until_everything_is_given_back(script: Script, home: Path) -> None:
    client.stop(NAME, 10)
    assert left_behind(home) == []
    assert script.wait(5) == 0
    with pytest.raises(NotRunningError):
        client.status(NAME)


def test_a_supervisor_that_does_not_answer_is_given_up(script: Script) -> None:
    script.process.send_signal(19)  # SIGSTOP: it cannot answer
    try:
        with pytest.raises(ControlTimeoutError), client.connect(NAME, patience=0.1) as connection:
            connection.receive(0.1)
    finally:
        script.process.send_signal(18)  # SIGCONT


def test_of_two_servers_of_a_name_one_wins(script: Script, start_script: Callable[..., Script]) -> None:
    second = start_script("second", f"import wesktop\nwesktop.serve('controlled:app', port={free_port()})")
    assert second.wait() == 1
    assert "AlreadyRunningError: 'controlled' runs already" in second.output
    assert client.status(NAME).pid == script.pid


# What is particular to one of the two.


@pytest.fixture
def over_tcp(monkeypatch: pytest.MonkeyPatch, home: Path, start_script: Callable[..., Script]) -> tuple[Script, Path]:
    """A server that is reached by TCP, and the file that says how."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("WESKTOP_CONTROL", "tcp")
    started = start_script(NAME, SERVE.format(port=free_port()), WESKTOP_CONTROL="tcp")
    wait_for(lambda: "serving" in started.output, lambda: f"the server; {started.output}")
    return started, AppPaths(NAME).tcp


@pytest.mark.parametrize(
    "greeting", [b"wrong\n", b"\n", b'{"type":"status"}\n', b"\xff" * 64 + b"\n", b"x" * 100_000]
)
def test_who_has_not_the_secret_is_not_answered(over_tcp: tuple[Script, Path], greeting: bytes) -> None:
    port = int(over_tcp[1].read_text().split()[0])
    with socket.create_connection(("127.0.0.1", port), 10) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(greeting + b'{"type":"status"}\n')
        assert b"report" not in b"".join(iter(lambda: sock.recv(1000), b""))
    assert client.status(NAME).name == NAME


def test_the_secret_is_in_its_file_alone(over_tcp: tuple[Script, Path], home: Path) -> None:
    script, path = over_tcp
    secret = path.read_text().split()[1]
    for process in script.tree():
        assert secret not in " ".join([*process.cmdline(), *process.environ().values()])
    assert secret not in repr(client.status(NAME))
    holders = [found for found in home.rglob("*") if found.is_file() and secret.encode() in found.read_bytes()]
    assert holders == [path]


def test_a_secret_that_others_can_read_is_not_used(over_tcp: tuple[Script, Path]) -> None:
    over_tcp[1].chmod(0o644)
    with pytest.raises(ControlPermissionError):
        client.status(NAME)


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's process takes root to start")
def test_another_user_is_turned_away_even_where_the_directory_is_open(
    start_script: Callable[..., Script], home: Path
) -> None:
    script = start_script(NAME, SERVE.format(port=free_port()))
    wait_for(lambda: "serving" in script.output, lambda: f"the server; {script.output}")
    socket_file = home / "run" / "wesktop" / f"{NAME}.sock"
    for path in (home, home / "run", home / "run" / "wesktop"):
        path.chmod(0o755)
    socket_file.chmod(0o777)
    ask_as_nobody = (
        f"import os, socket; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
        f"s.connect({str(socket_file)!r}); s.settimeout(10)\n"
        'try: s.sendall(b\'{"type":"status"}\\n\'); print(s.recv(100))\n'
        "except ConnectionError: print(b'')"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask_as_nobody], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "b''\n"


def test_a_request_that_is_refused_and_the_end_of_a_stream_are_told_apart_by_their_ids(
    script: Script, connect: Connect
) -> None:
    connection = connect()
    assert ask(connection, b'{"type":"nothing","id":9}')["id"] == 9
    streams = connection.makefile("rwb")
    streams.write(b'{"type":"events","follow":true,"id":3}\n{"type":"logs","follow":true,"id":4}\n')
    streams.flush()
    script.process.terminate()
    ends = [answer["id"] for answer in map(json.loads, streams) if answer["type"] == "end"]
    assert ends == [3, 4]


def test_who_attaches_and_leaves_does_not_silence_the_program(script: Script, connect: Connect) -> None:
    lease = connect()
    assert ask(lease, b'{"type":"attach","kind":"caller"}')["type"] == "ready"
    lease.close()
    wait_for(lambda: any("detached" in event.text for event in client.events(NAME)), "the lease's end")
    script.process.terminate()
    assert script.wait() == 0
    assert script.output.endswith("ended\n")


def test_what_a_window_prints_is_in_the_apps_log_under_its_own_pid(script: Script) -> None:
    del script
    client.ask(NAME, Print(pid=4321, text="Traceback\n  in a callback"), Done)
    lines = [(line.pid, line.stream, line.text) for line in client.logs(NAME, None)]
    assert lines[-2:] == [(4321, "stderr", "Traceback"), (4321, "stderr", "  in a callback")]
