"""What another user has put where wesktop keeps its things: refused in a sentence, and left as it was."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from support.running import NAME, Start
from support.users import OTHER, VICTIM, needs_root, run_as
from wesktopd import client, configs, paths
from wesktopd.errors import ConfigurationError, ControlPermissionError, PidFileError
from wesktopd.instance.pidfile import PidFile
from wesktopd.instance.state import State, StateFile
from wesktopd.logs.logfile import LogFile, LogLine
from wesktopd.system import Lock, boot_id, identify
from wesktopd.system.posix.control_socket import connect

CONFIG = 'target = "os:abort"\nname = "app"\nworking_dir = "/"\n'


@pytest.fixture
def place(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory like /tmp, and all of this user's below it."""
    home.chmod(0o1777)
    for kind in ("RUNTIME_DIR", "CONFIG_HOME", "STATE_HOME", "DATA_HOME"):
        (home / kind).mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{kind}", str(home / kind))
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setenv("HOME", str(home))
    return home


def plant_directory(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)
    os.chown(path, OTHER, OTHER)


def plant_link(path: Path) -> None:
    (path.parent / "target").mkdir(exist_ok=True)
    path.symlink_to("target")
    os.chown(path, OTHER, OTHER, follow_symlinks=False)


def plant_file(path: Path) -> None:
    path.touch()
    os.chown(path, OTHER, OTHER)


Plant = Callable[[Path], None]
PLANTS = [plant_directory, plant_link, plant_file]


@needs_root
@pytest.mark.parametrize("plant", PLANTS)
def test_a_runtime_directory_is_refused_by_path_owner_and_remedy(
    place: Path, monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    squatted = place / "squatted"
    plant(squatted)
    before = sorted(place.rglob("*"))
    monkeypatch.setattr(paths, "runtime_candidates", lambda: [squatted])
    with pytest.raises(ConfigurationError) as raised:
        paths.runtime_dir()
    message = raised.value.message
    assert message.count(str(squatted)) == 1
    assert f"nobody (uid {OTHER})" in message
    assert message.endswith("set XDG_RUNTIME_DIR to a directory of your own.")
    assert sorted(place.rglob("*")) == before


@needs_root
def test_where_another_user_was_first_a_real_app_runs_elsewhere_and_is_found(
    start_app: Start, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "run").chmod(0o1777)
    (home / "fallback").mkdir()
    home.chmod(0o755)
    squatted = home / "run" / "wesktop"
    run_as(OTHER, "os.mkdir(sys.argv[1], 0o777)", squatted)
    app = start_app(TMPDIR=str(home / "fallback"))
    assert json.loads(app.ctl("status", "--json"))["name"] == NAME
    assert list(squatted.iterdir()) == []
    for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
        monkeypatch.setenv(name, app.env[name])
    found = paths.runtime_dir()
    assert found != squatted
    assert (found / f"{NAME}.sock").is_socket()


@needs_root
@pytest.mark.parametrize("plant", PLANTS)
def test_a_log_goes_to_no_file_of_another_users_choice(place: Path, plant: Plant) -> None:
    plant(place / "log")
    before = sorted(place.rglob("*"))
    troubles: list[str] = []
    file = LogFile(place / "log" / "app.log", as_json=False, on_trouble=troubles.append)
    file.write(file.batch([LogLine(1.0, 1, "stdout", "secret")]))
    assert len(troubles) == 1
    assert f"nobody (uid {OTHER})" in troubles[0]
    assert sorted(place.rglob("*")) == before


@needs_root
@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("above", [True, False], ids=["directory", "file"])
def test_a_config_that_another_user_can_write_is_not_run(place: Path, plant: Plant, *, above: bool) -> None:
    path = paths.config_file("app")
    if above:
        plant(path.parent)
        where = path.parent if path.parent.is_dir() else path.parent.parent
        (where / "app.toml").write_text(CONFIG)
    else:
        path.parent.mkdir()
        plant(path)
    with pytest.raises(ConfigurationError, match=rf"read: .*uid {OTHER}"):
        configs.load("app")


@pytest.mark.parametrize(("mode", "allowed"), [(0o600, True), (0o644, True), (0o664, False), (0o646, False)])
def test_a_config_is_run_that_its_owner_alone_can_write(place: Path, mode: int, *, allowed: bool) -> None:
    path = paths.config_file("app")
    path.parent.mkdir()
    path.write_text(CONFIG)
    path.chmod(mode)
    if allowed:
        assert configs.load("app").target == "os:abort"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    else:
        with pytest.raises(ConfigurationError, match=f"mode {mode:04o}.*chmod 600"):
            configs.load("app")


def test_a_config_that_is_a_link_of_our_own_is_read(place: Path) -> None:
    path = paths.config_file("app")
    path.parent.mkdir()
    (place / "repository.toml").write_text(CONFIG)
    path.symlink_to(place / "repository.toml")
    assert configs.load("app").target == "os:abort"


@needs_root
def test_a_state_file_of_another_user_names_nobody_to_be_killed(tmp_path: Path) -> None:
    path = tmp_path / "app.state"
    me = identify(os.getpid())
    assert me is not None
    path.write_bytes(msgspec.json.encode(State(boot=boot_id(), supervisor=None, workers=[me])))
    path.chmod(0o600)
    assert StateFile(path).read() is not None
    os.chown(path, OTHER, OTHER)
    assert StateFile(path).read() is None


@needs_root
def test_a_pid_path_of_another_user_in_a_directory_like_tmp_is_refused_and_left(place: Path) -> None:
    path = place / "app.pid"
    run_as(OTHER, "pathlib.Path(sys.argv[1]).touch()", path)
    # As a user who is not root, for whom the sticky bit counts (inode(7)).
    said = run_as(
        VICTIM,
        "try: pidfile.PidFile(sys.argv[1]).claim()\nexcept WesktopError as error: print(error)",
        path,
    )
    assert f"cannot be written: it belongs to nobody (uid {OTHER})" in said
    assert path.read_text() == ""
    assert [found.name for found in place.iterdir() if "pid" in found.name] == ["app.pid"]


@needs_root
@pytest.mark.parametrize("plant", [plant_directory, plant_link])
def test_root_writes_no_pid_where_another_user_could_lead_it(tmp_path: Path, plant: Plant) -> None:
    plant(tmp_path / "his")
    with pytest.raises(PidFileError, match=rf"root: .*/his .*uid {OTHER}"):
        PidFile(tmp_path / "his" / "app.pid").claim()
    assert [path for path in tmp_path.rglob("*") if path.name not in ("his", "target")] == []


@pytest.mark.parametrize("leads_to", ["secret", "/dev/zero", "FIFO"])
def test_a_pid_path_that_is_a_link_is_neither_read_nor_waited_for(tmp_path: Path, leads_to: str) -> None:
    (tmp_path / "secret").write_text("hunter2")
    os.mkfifo(tmp_path / "FIFO")
    path = tmp_path / "app.pid"
    path.symlink_to(leads_to)
    with pytest.raises(PidFileError) as raised:
        PidFile(path).claim()
    assert raised.value.message.startswith(f"PID file {path} is a symbolic link of ")
    assert "hunter2" not in raised.value.message
    PidFile(path).release()
    assert path.is_symlink()


def test_a_pid_path_that_is_a_fifo_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "app.pid")
    with pytest.raises(PidFileError, match="is not a file"):
        PidFile(tmp_path / "app.pid").claim()


@needs_root
def test_a_secret_that_another_user_has_put_there_is_not_sent(place: Path) -> None:
    path = place / "app.tcp"
    path.write_text(f"1 {'5' * 64}\n")
    path.chmod(0o600)
    os.chown(path, OTHER, OTHER)
    held = Lock(place / "app.lock")
    assert held.acquire()
    with pytest.raises(PermissionError, match="belongs to nobody"):
        connect(path, 1)
    held.release()


@needs_root
def test_whether_an_app_runs_is_not_told_by_another_users_lock(place: Path) -> None:
    plant_file(paths.AppPaths("app").lock)
    with pytest.raises(ControlPermissionError, match=r"app\.lock belongs to nobody"):
        client.is_free("app")
