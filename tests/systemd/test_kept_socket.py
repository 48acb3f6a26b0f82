"""The listening socket outlives the supervisor in systemd's hands: nobody is refused, whatever becomes of it."""

import functools
import json
import socket

import pytest

from support.ipv6 import HAS_IPV6, needs_ipv6
from support.load import Load, load
from support.scripts import answers, free_port
from support.systemd import Service
from support.waiting import wait_for

KEPT = "2" if HAS_IPV6 else "1"  # the one that listens, and the one of its other loopback address

kept_either_way = pytest.mark.parametrize("index", [pytest.param(0, id="store"), pytest.param(1, id="socket-unit")])


def begin(app: Service, index: int, *overrides: str) -> None:
    """Install and start it."""
    app.install(index, *overrides)
    app.manager.systemctl("start", app.socket_unit if index else app.unit)
    assert app.version() == "one"  # which starts it, where the socket unit alone was started


def heard_from(clients: Load, pid: int) -> bool:
    """Whether this worker has answered the load."""
    return pid in clients.values("pid")


@kept_either_way
@pytest.mark.parametrize("workers", [1, 2])
def test_under_load_nothing_is_lost_when_the_supervisor_is_killed(app: Service, index: int, workers: int) -> None:
    begin(app, index)
    app.ctl("scale", "app", str(workers))
    with load(app.port) as clients:
        for times in (1, 2):
            before = app.main_pid()
            app.signal("KILL")
            app.started_again(times)
            assert app.main_pid() != before
            serving = app.get()["pid"]
            wait_for(functools.partial(heard_from, clients, serving), "answers of the new one")
    assert clients.failures == []
    assert len(clients.values("pid")) >= 3


@kept_either_way
def test_what_is_being_answered_when_the_supervisor_is_killed_is_answered(app: Service, index: int) -> None:
    begin(app, index)
    app.write("two", BRIEF)
    app.ctl("restart", "app")
    with app.begin_request("/brief") as connection:
        wait_for((app.directory / "brief").exists, "the request")
        app.signal("KILL")
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    assert json.loads(data.partition(b"\r\n\r\n")[2]) == {"finished": True}
    app.started_again()


BRIEF = """
@router.get("/brief")
async def brief(request):
    Path("brief").touch()
    await asyncio.sleep(0.3)
    return {"finished": True}
"""


@kept_either_way
def test_under_load_nothing_is_lost_in_a_restart_by_systemctl(app: Service, index: int) -> None:
    begin(app, index)
    app.write("two")
    with load(app.port) as clients:
        app.manager.systemctl("restart", app.unit)
        wait_for(lambda: "two" in clients.values("version"), "an answer of the new one")
    assert clients.failures == []
    assert clients.values("version") == ["one", "two"]


def test_a_stop_gives_the_stored_socket_back(app: Service) -> None:
    begin(app, 0)
    assert app.show("NFileDescriptorStore") == KEPT
    app.manager.systemctl("stop", app.unit)
    bound("127.0.0.1", app.port).close()


@needs_ipv6
@pytest.mark.long
def test_nobody_gets_the_other_loopback_address_between_two_lives(app: Service) -> None:
    begin(app, 0, "RestartSec=5")
    app.signal("KILL")
    wait_for(lambda: app.show("SubState") == "auto-restart", "the time between")
    with pytest.raises(OSError, match="in use"):
        bound("::1", app.port)
    app.started_again()
    with pytest.raises(OSError, match="in use"):
        bound("::1", app.port)
    app.manager.systemctl("stop", app.unit)
    bound("::1", app.port).close()


def bound(host: str, port: int) -> socket.socket:
    """A socket of another program at this address."""
    other = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        other.bind((host, port))
    except OSError:
        other.close()
        raise
    return other


@pytest.mark.parametrize("change", ["port", "host"])
def test_a_stored_socket_is_dropped_when_the_address_has_changed(app: Service, change: str) -> None:
    begin(app, 0)
    old, at = app.url, "127.0.0.1"
    if change == "port":
        app.port = free_port()
    else:
        at = "127.0.0.2"
    new = f"http://{at}:{app.port}"
    app.install(0, f"ExecStart=%h/myapp/.venv/bin/wesktop serve app:app --name app --host {at} --port {app.port}")
    app.manager.systemctl("restart", app.unit)
    assert answers(new)
    assert app.show("StatusText") == f"Serving on {new}."
    assert app.show("NFileDescriptorStore") == (KEPT if change == "port" else "1")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((old.removeprefix("http://").partition(":")[0], int(old.rpartition(":")[2])), 5)


@pytest.mark.parametrize("lines", ["ListenStream=127.0.0.2:8000", "ListenDatagram=127.0.0.1:8000"])
def test_what_is_no_one_listening_socket_is_refused(app: Service, lines: str) -> None:
    app.install(1, "Restart=no", "StandardError=file:%h/said")
    path = app.manager.units / app.socket_unit
    lines = lines.replace("8000", str(app.port))
    path.write_text(path.read_text().replace("[Socket]\n", f"[Socket]\n{lines}\n"))
    app.manager.systemctl("daemon-reload")
    assert app.manager.run("systemctl", "--user", "start", app.unit).returncode == 1
    assert app.show("ExecMainStatus") == "2"
    assert "one ListenStream=HOST:PORT" in (app.home / "said").read_text()
