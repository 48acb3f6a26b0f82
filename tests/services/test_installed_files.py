"""The files that `install` writes: who can read them, and whose directories they may be in."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from services.made import made
from support.users import OTHER, needs_root, run_as
from wesktop.services import systemd
from wesktop.services.launchd import Launchd
from wesktop.services.manager import check_variables_file
from wesktop.services.systemd import Systemd
from wesktopd.errors import ServiceError

SECRET = {"API_KEY": "hunter2"}


@pytest.fixture
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    home.chmod(0o755)
    return home


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_a_users_unit_is_his_alone_to_read(own: Path, umask: int, before: int | None) -> None:
    manager = Systemd(system=False)
    files = manager.render(made(variables=SECRET))
    (path,) = files
    if before is not None:
        Path(path).parent.mkdir(parents=True)
        Path(path).touch()
        Path(path).chmod(before)
    old = os.umask(umask)
    try:
        manager._write(files)
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    assert before is not None or mode(str(Path(path).parent)) == 0o700
    assert "hunter2" in Path(path).read_text()


def test_of_the_machines_files_the_one_with_secrets_is_roots_alone(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "SYSTEM_UNITS", own / "units")
    manager = Systemd(system=True)
    files = manager.render(made(system=True, user="root", on_demand=True, variables=SECRET))
    manager._write(files)
    assert {Path(path).name: oct(mode(path)) for path in files} == {
        "wesktop-hello.service": "0o644",
        "wesktop-hello.socket": "0o644",
        "wesktop-hello.env": "0o600",
    }


def test_an_agent_is_his_alone_to_read(own: Path) -> None:
    manager = Launchd(system=False)
    ((path, data),) = manager.render(made(variables=SECRET, watchdog=None)).items()
    manager._write("hello", data)
    assert mode(path) == 0o600
    assert "hunter2" in Path(path).read_text()


Use = Callable[[Systemd | Launchd], object]
USES: list[Use] = [
    lambda manager: manager.names(),
    lambda manager: manager.status("hello"),
    lambda manager: manager.uninstall("hello"),
    lambda manager: manager.install(made(watchdog=None), start=False),
]


@needs_root
@pytest.mark.parametrize("kind", [Systemd, Launchd])
@pytest.mark.parametrize("use", USES, ids=["names", "status", "uninstall", "install"])
def test_root_with_another_users_home_keeps_no_services_there(
    own: Path,
    kind: type[Systemd | Launchd],
    use: Use,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As by `sudo -E`: a link in there could lead root anywhere."""
    his = own / "his"
    his.mkdir()
    os.chown(his, OTHER, OTHER)
    (own / "mine").mkdir()
    run_as(OTHER, "os.symlink(sys.argv[2], sys.argv[1] + '/.config')", his, own / "mine")
    run_as(OTHER, "os.symlink(sys.argv[2], sys.argv[1] + '/Library')", his, own / "mine")
    monkeypatch.setenv("HOME", str(his))
    with pytest.raises(ServiceError, match=rf"services .*uid {OTHER}"):
        use(kind(system=False))
    assert list((own / "mine").iterdir()) == []


@needs_root
@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_no_file_is_read_as_root_that_another_user_can_exchange(own: Path, kind: str) -> None:
    place = own / "place"
    place.mkdir()
    place.chmod(0o755)
    file = place / "variables"
    file.touch()
    service = made(system=True, user="nobody", environment_file=str(file))
    check_variables_file(service)
    if kind == "link":
        place.chmod(0o777)
        file.unlink()
        run_as(OTHER, "os.symlink('/dev/null', sys.argv[1])", file)
    else:
        os.chown(file if kind == "file" else place, OTHER, OTHER)
    with pytest.raises(ServiceError, match=rf"root .*uid {OTHER}"):
        check_variables_file(service)


def test_a_file_of_variables_that_is_gone_is_raised(own: Path) -> None:
    with pytest.raises(ServiceError, match="No such file"):
        check_variables_file(made(system=True, user="nobody", environment_file=str(own / "gone")))
