"""What root does in the directories of a service's user, while that user attacks: it touches nothing elsewhere."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.users import OTHER, needs_root, run_as
from wesktop.services import leftover_files
from wesktop.services.places import service_id
from wesktop.services.untrusted_directory import UntrustedDirectory
from wesktopd import paths
from wesktopd.logs.logfile import LogLine, format_text

LINE = format_text(LogLine(2.0, 7, "stdout", "root-only")).decode()

LINK_LOGS = "os.mkdir('wesktop'); os.symlink(sys.argv[2], 'wesktop/log')"
LINK_ALL = "os.symlink(os.path.join(sys.argv[2], '..', 'up'), 'wesktop')"
LINK_FILE = "os.makedirs('wesktop/log'); os.symlink(os.path.join(sys.argv[2], 'app.log'), 'wesktop/log/app.log')"
LINK_FIFO = "os.makedirs('wesktop/log'); os.mkfifo('wesktop/log/app.log')"
LINK_HARD = "os.makedirs('wesktop/log')"
ATTACKS = {
    "directory": LINK_LOGS,
    "outer directory": LINK_ALL,
    "file": LINK_FILE,
    "FIFO": LINK_FIFO,
    "hard": LINK_HARD,
}

EXCHANGE = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.chdir(sys.argv[1])
os.mkdir("real")
open("real/other", "w").close()  # else root would remove it
os.symlink(sys.argv[2], "link")
print("begun", flush=True)
while True:
    for name in ("real", "link"):
        os.rename(name, "log")
        os.rename("log", name)
"""


@pytest.fixture
def state(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state directory of a service that runs as another user."""
    monkeypatch.setattr(leftover_files, "SYSTEM_STATE", home / "lib")
    place = home / "lib" / service_id("app")
    place.mkdir(parents=True)
    for above in (home, home / "lib"):
        above.chmod(0o755)
    os.chown(place, OTHER, OTHER)
    return place


@pytest.fixture
def log(home: Path) -> Path:
    """Where root's own logs are, that another can look into."""
    place = home / "log"
    place.mkdir(mode=0o755)
    (home / "up" / "log").mkdir(parents=True)
    for directory in (place, home / "up", home / "up" / "log"):
        directory.chmod(0o755)
        for name in ("app.log", "app.toml", "app.port"):
            (directory / name).write_text(LINE)
            (directory / name).chmod(0o600)
    return place


def mine(home: Path) -> list[Path]:
    return sorted(path for place in ("log", "up") for path in (home / place).rglob("*"))


@needs_root
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_root_neither_reads_nor_removes_what_the_services_user_leads_to(
    attack: str, state: Path, log: Path, home: Path
) -> None:
    before = mine(home)
    run_as(OTHER, f"os.chdir(sys.argv[1]); {attack}", state, log)
    if attack == LINK_HARD:  # as where the kernel does not protect them (proc(5), protected_hardlinks)
        os.link(log / "app.log", state / "wesktop" / "log" / "app.log")
    assert leftover_files.log_tail("app", system=True, since=0.0) == ""
    leftover_files.remove(
        [state / "wesktop" / "log" / "app.log", *leftover_files.find("app", system=True)], "app", system=True
    )
    assert mine(home) == before


@needs_root
def test_a_user_who_exchanges_the_directory_meanwhile_gains_nothing(state: Path, log: Path, home: Path) -> None:
    before = mine(home)
    place = state / "wesktop"
    run_as(OTHER, "os.mkdir(sys.argv[1])", place)
    paths = [place / "log" / "app.log"]
    command = [sys.executable, "-c", EXCHANGE, str(place), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == "begun\n"
        for _ in range(2000):
            assert leftover_files.log_tail("app", system=True, since=0.0) == ""
            leftover_files.remove([*paths, *leftover_files.find("app", system=True)], "app", system=True)
        assert attacker.poll() is None
        attacker.kill()
    assert mine(home) == before


@needs_root
def test_what_the_service_has_kept_is_read_and_removed(state: Path, home: Path) -> None:
    run_as(
        OTHER,
        "os.chdir(sys.argv[1]); os.makedirs('wesktop/log')\n"
        "for name in ('log/app.log', 'log/app.log.1', 'app.toml', 'app.port'):\n"
        "    pathlib.Path('wesktop', name).write_text(sys.argv[2])",
        state,
        LINE,
    )
    assert leftover_files.log_tail("app", system=True, since=1.0) == "root-only"
    assert leftover_files.log_tail("app", system=True, since=3.0) == ""
    files = leftover_files.find("app", system=True)
    assert [path.name for path in files] == ["app.log", "app.log.1", "app.toml", "app.port"]
    leftover_files.remove(files, "app", system=True)
    assert list((home / "lib").iterdir()) == []


@needs_root
def test_with_another_users_home_root_removes_nothing_of_his(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    his = home / "his"
    his.mkdir()
    home.chmod(0o755)
    os.chown(his, OTHER, OTHER)
    for kind in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(his / kind))
    config = his / "CONFIG" / "wesktop" / "app.toml"
    run_as(OTHER, "os.makedirs(sys.argv[1]); open(sys.argv[2], 'w').close()", config.parent, config)
    assert leftover_files.find("app", system=False) == []
    leftover_files.remove([config], "app", system=False)
    assert config.exists()


@pytest.mark.parametrize("act", [lambda place: place.unlink("file"), lambda place: place.read_end("file", 9)])
def test_no_link_on_the_way_is_followed(tmp_path: Path, act: Callable[[UntrustedDirectory], object]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").touch()
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(NotADirectoryError):
        act(UntrustedDirectory(tmp_path, ("link", "b")))
    assert UntrustedDirectory(tmp_path, ("link", "b")).has_file("file") is False
    assert (tmp_path / "a" / "b" / "file").exists()
    act(UntrustedDirectory(tmp_path, ("a", "b")))


def test_of_a_long_file_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    assert UntrustedDirectory(tmp_path.parent, (tmp_path.name,)).read_end("file", 4) == b"6789"
    os.truncate(tmp_path / "file", 2**40)  # it has holes
    assert UntrustedDirectory(tmp_path.parent, (tmp_path.name,)).read_end("file", 4) == bytes(4)
    assert stat.S_ISREG((tmp_path / "file").stat().st_mode)


def test_the_host_that_the_pages_storage_belongs_to_stays_with_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    for file in (paths.port_file("app"), paths.host_file("app")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert leftover_files.find("app", system=False) == [paths.port_file("app"), paths.host_file("app")]
    paths.storage_dir("app").mkdir(parents=True)
    assert leftover_files.find("app", system=False) == [paths.port_file("app")]
