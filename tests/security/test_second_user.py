"""Another user of the machine, a real one, at a running app: kept out at several doors, one behind the other."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.modes import made, mode
from support.running import NAME, Running, Start
from support.users import OTHER, VICTIM, needs_root, run_as
from support.waiting import wait_for
from wesktop.single_instance import claim_window
from wesktopd import client
from wesktopd.errors import ControlPermissionError, NotRunningError
from wesktopd.paths import AppPaths
from wesktopd.spec import AppSpec
from wesktopd.wire.worker_messages import StartRequest

pytestmark = needs_root

JOIN = b'{"type":"join","channel":"events","max_events":1,"max_bytes":1,"max_seconds":1}\n'

TRY_ALL = """
for name in sys.argv[1:]:
    path = pathlib.Path(name)
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o170000 == stat.S_IFSOCK:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(10)
                peer.connect(name)
                peer.sendall(b'{"type":"status"}\\n')
                print("connected", name)
        else:
            path.read_bytes()
            print("read", name)
    with contextlib.suppress(OSError):
        if path.is_dir():
            os.listdir(name)
            print("listed", name)
            (path / "planted").touch()
            print("planted", name)
    with contextlib.suppress(OSError):
        os.unlink(name)
        print("removed", name)
"""

TALK = """
with socket.socket(socket.AF_UNIX) as peer:
    peer.settimeout(20)
    peer.connect(sys.argv[1])
    with contextlib.suppress(ConnectionError):
        peer.sendall(sys.argv[2].encode())
        print(len(peer.recv(100)), end="")
"""


@pytest.fixture
def app(start_app: Start, home: Path) -> Running:
    """An app with all that it keeps on disk; what is above its directories is open, as a home directory may be."""
    app = start_app("--port", "0", more="print('printed')")
    wait_for(lambda: app.status()["config_file"] and (home / "state/wesktop/log").exists(), "all its files")
    (home / "data" / "wesktop" / NAME).mkdir(parents=True)
    for place in (home, *(home / place for place in ("run", "state", "config", "data", "data/wesktop"))):
        place.chmod(0o755)
    return app


@pytest.mark.parametrize("directories", [0o700, 0o755], ids=["as they are", "with open directories"])
def test_he_can_neither_connect_nor_read_nor_list_nor_plant_nor_remove(
    app: Running, home: Path, directories: int
) -> None:
    found = [path for path in made(home) if path.name not in ("wesktop", NAME)]
    assert {path.suffix for path in found} >= {".sock", ".bus", ".state", ".lock", ".toml", ".log", ".port"}
    if directories == 0o700:
        found += [home / "run/wesktop", home / "state/wesktop", home / "config/wesktop"]
    else:
        found = [path for path in found if not path.is_dir()]
        for path in made(home):
            if path.is_dir():
                path.chmod(directories)
    assert run_as(OTHER, TRY_ALL, *found) == ""
    assert app.status()["name"] == NAME


@pytest.mark.parametrize(("kind", "says"), [("sock", b'{"type":"status"}\n'), ("bus", JOIN)])
def test_he_is_not_answered_even_where_a_socket_is_open_to_all(
    app: Running, home: Path, kind: str, says: bytes
) -> None:
    (home / "run/wesktop").chmod(0o755)
    path = home / "run/wesktop" / f"{NAME}.{kind}"
    path.chmod(0o777)
    assert run_as(OTHER, TALK, path, says.decode()) in ("", "0")
    assert run_as(0, TALK, path, says.decode()) not in ("", "0")
    assert app.status()["name"] == NAME


LISTEN = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
os.umask(0)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
peer, _ = listener.accept()
print(peer.recv(100))
"""


SPEC = AppSpec(target="app:app", name=NAME, working_dir="/")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: client.status(NAME),
        lambda: client.wait_ready(NAME, 10),
        lambda: claim_window(SPEC, StartRequest([], "/")),
    ],
    ids=["status", "wait", "run"],
)
def test_we_say_nothing_to_a_socket_on_which_he_listens_and_that_it_is_his(
    home: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], object]
) -> None:
    """As where the runtime directory was open before, and he has put his own there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    home.chmod(0o755)
    (home / "run" / "wesktop").mkdir(parents=True)
    (home / "run" / "wesktop").chmod(0o777)
    path = home / "run" / "wesktop" / f"{NAME}.sock"
    with subprocess.Popen([sys.executable, "-c", LISTEN, str(path)], stdout=subprocess.PIPE, text=True) as his:
        assert his.stdout is not None
        assert his.stdout.readline() == "listening\n"
        with pytest.raises(ControlPermissionError, match="this user"):
            ask()
        assert his.stdout.readline() == "b''\n"
    assert mode(path.parent) == 0o700


def test_for_him_the_app_does_not_run(app: Running, home: Path) -> None:
    """He has a name of the same kind for himself: nothing of the one user is seen or held up by the other."""
    told = run_as(
        VICTIM,
        "print(json.dumps([str(paths.runtime_dir()), paths.running_names()]))",
        XDG_RUNTIME_DIR=str(home / "run"),
        TMPDIR=str(_for(VICTIM, home / "tmp")),
    )
    directory, names = json.loads(told)
    assert directory == str(home / "tmp" / f"wesktop-{VICTIM}")
    assert names == []
    assert app.status()["name"] == NAME


def _for(user: int, path: Path) -> Path:
    path.mkdir()
    os.chown(path, user, user)
    return path


def test_a_killed_apps_files_are_no_others_to_use(app: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for process in app.processes():
        process.kill()
    wait_for(lambda: not app.processes(), "their end")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    left = AppPaths(NAME)
    assert left.state.exists()
    assert run_as(OTHER, TRY_ALL, left.socket, left.bus, left.state, left.lock) == ""
    from wesktopd import client

    with pytest.raises(NotRunningError):
        client.status(NAME)
