"""All that a server leaves on disk is for its owner alone, whatever the umask and whatever was there before."""

import itertools
import os
import threading
from pathlib import Path

import pytest

from support.modes import made, mode, open_umask, too_open
from support.running import NAME, Start
from support.users import VICTIM, needs_root, run_as
from support.waiting import wait_for
from wesktopd.system.atomic_files import atomic_write
from wesktopd.system.posix.control_socket import listen_unix


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_of_a_running_server_everything_is_for_its_owner_alone(start_app: Start, home: Path, transport: str) -> None:
    with open_umask():
        app = start_app(
            "--pid-path", str(home / "app.pid"), "--port", "0", more="print('printed')", WESKTOP_CONTROL=transport
        )
    written = {
        home / f"config/wesktop/{NAME}.toml",
        home / f"state/wesktop/log/{NAME}.log",
        home / f"state/wesktop/{NAME}.port",
        home / f"run/wesktop/{NAME}.state",
        home / f"run/wesktop/{NAME}.{'sock' if transport == 'unix' else 'tcp'}",
        home / f"run/wesktop/{NAME}.bus",
    }
    wait_for(lambda: written <= {*made(home)}, f"{written} among {made(home)}")
    assert app.status()["name"] == NAME
    assert too_open(home) == {}
    assert mode(home / "app.pid") == 0o644  # for others to read


def test_what_was_there_with_looser_rights_is_tightened(start_app: Start, home: Path) -> None:
    places = ("run/wesktop", "state/wesktop/log", "config/wesktop")
    for place in places:
        (home / place).mkdir(parents=True)
        (home / place).chmod(0o777)
    log = home / "state/wesktop/log" / f"{NAME}.log"
    log.touch()
    log.chmod(0o666)
    app = start_app(more="print('printed')")
    wait_for(lambda: app.status()["config_file"], "the config file")
    wait_for(lambda: "printed" in log.read_text(), "the log")
    assert too_open(home, *places) == {}
    assert {mode(home / place) for place in places} == {0o700}


WRITES = """
os.environ.update(HOME=sys.argv[1], XDG_RUNTIME_DIR=sys.argv[1])
from wesktopd.spec import AppSpec
spec = AppSpec(target="app:app", name="app", working_dir="/")
for _ in range(2):  # what the first has made, is there for the second
    app = paths.AppPaths("app")
    held = lock.Lock(app.lock)
    assert held.acquire()
    log = logfile.LogFile(paths.log_file("app"), as_json=False, on_trouble=print)
    log.write(log.batch([logfile.LogLine(1.0, 1, "stdout", "printed")]))
    log.close()
    assert configs.keep(spec, print)
    assert configs.load("app") == spec
    files.atomic_write(paths.port_file("app"), b"20000", durable=True)
    listener = control_socket.listen_unix(app.socket)
    control_socket.connect(app.socket, 5).close()
    listener.close()
    os.close(held.fd)
assert app.lock.exists()
lines = [*logfile.read_log(paths.log_file("app"), None, None, None)]
print(lines[1].text, private_files.read_private(paths.port_file("app"), 5))
"""


@needs_root  # to be another user, for whom modes count
@pytest.mark.parametrize("umask", [0o777, 0o277, 0o177, 0])
def test_whatever_the_umask_all_is_made_usable_and_for_its_owner_alone(home: Path, umask: int) -> None:
    os.chown(home, VICTIM, VICTIM)
    assert run_as(VICTIM, WRITES, home, umask=umask) == "printed b'20000'\n"
    found = {path: mode(path) for path in home.rglob("*") if path.parent != home}
    assert {name.name for name in found} >= {"app.lock", "app.log", "app.toml", "app.port", "app.sock"}
    assert {path: f"{bits:04o}" for path, bits in found.items() if bits != (0o700 if path.is_dir() else 0o600)} == {}


def test_another_threads_files_have_the_mode_that_its_umask_gives(tmp_path: Path) -> None:
    """The umask is the process's: it is left alone while a control socket is made."""
    seen = set()
    made = threading.Event()

    def make_files() -> None:
        for number in itertools.count():
            path = tmp_path / f"file {number}"
            path.touch()
            seen.add(mode(path))
            path.unlink()
            if made.is_set():
                return

    thread = threading.Thread(target=make_files)
    thread.start()
    for number in range(300):
        listen_unix(tmp_path / f"{number}.sock").close()
    made.set()
    thread.join()
    assert seen == {0o644}
    assert mode(tmp_path / "299.sock") == 0o600


def test_what_has_to_outlast_a_power_cut_is_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def seen_fsync(fd: int) -> None:
        done.append(("fsync", str(Path(f"/proc/self/fd/{fd}").readlink())))
        fsync(fd)

    def seen_replace(source: Path, target: Path) -> None:
        done.append(("replace", str(source)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    atomic_write(tmp_path / "file", b"it", durable=True)
    draft = done[0][1]
    assert draft.startswith(f"{tmp_path}/.file.")
    assert done == [("fsync", draft), ("replace", draft), ("fsync", str(tmp_path))]
    done.clear()
    atomic_write(tmp_path / "file", b"it")
    assert [call for call, _ in done] == ["replace"]
