"""WebKitGTK's sandbox: it is round the page's process wherever it can be, and no window fails for want of it."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.scripts import free_port, running_from
from support.users import VICTIM, interpreter_of, needs_root
from support.waiting import wait_for
from wesktop.window.gtk import sandbox
from wesktop.window.gtk.sandbox import Trial, bus_directory, command
from window.shown import Shown

pytestmark = pytest.mark.window

Show = Callable[..., Shown]

works = pytest.mark.skipif(Trial().failure() is not None, reason="WebKit's sandbox cannot be set up here")
KEEPS = "say(`kept-${localStorage.kept}`); localStorage.kept = 'it'"


def page_process(home: Path) -> psutil.Process:
    """The process of the page."""

    def look() -> psutil.Process | None:
        # bubblewrap's own have its name on their command lines too
        return next((each for each in running_from(home) if each.name().startswith("WebKitWebProc")), None)

    return wait_for(look, "the page's process")


def is_filtered(process: psutil.Process) -> bool:
    """Whether its system calls are (seccomp(2), SECCOMP_MODE_FILTER)."""
    return re.search(r"^Seccomp:\s+2$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE) is not None


@works
@needs_root
def test_a_page_cannot_see_its_users_files_nor_the_network_and_keeps_its_storage(
    show_to_user: Show, home: Path
) -> None:
    (home / "secret").touch()
    port = free_port()  # storage belongs to an origin
    for kept in ("undefined", "it"):
        shown = show_to_user("gui='gtk'", f"script={KEEPS!r}", port=port).ready()
        shown.hear(f"kept-{kept}")
        page = page_process(home)
        assert is_filtered(page)
        assert not Path(f"/proc/{page.pid}/root/{home}/secret").exists()
        for namespace in ("mnt", "pid", "net"):
            own = Path(f"/proc/self/ns/{namespace}").readlink()
            assert Path(f"/proc/{page.pid}/ns/{namespace}").readlink() != own
        shown.close()
        shown.ended_well(within=3)


@works
def test_without_a_bus_nothing_is_complained_of(show: Show, home: Path) -> None:
    shown = show("gui='gtk'").ready()
    assert is_filtered(page_process(home))
    shown.close()
    shown.ended_well(within=3)
    assert shown.script.output == "run() has returned\n"


# Each of them ends a process that switches the sandbox on.
WITHOUT = {
    "settings of somebody else's": {"XDG_CONFIG_HOME": "{closed}/config"},
    "a bus whose directory is gone": {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"},
    "a bus in the root directory": {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"},
}


@needs_root
@pytest.mark.skipif(os.geteuid() == 0 and not interpreter_of(VICTIM), reason="no Python that another user can run")
@pytest.mark.parametrize("case", WITHOUT)
def test_where_it_cannot_be_set_up_the_page_is_shown_without_it(
    show_to_user: Show, home: Path, tmp_path: Path, case: str
) -> None:
    tmp_path.chmod(0o700)
    env = {name: value.format(closed=tmp_path) for name, value in WITHOUT[case].items()}
    shown = show_to_user("gui='gtk'", **env).ready()
    assert not is_filtered(page_process(home))
    shown.close()
    assert shown.script.wait() == 0, shown.script.output
    assert not Path("/.flatpak-info").exists()


def test_a_bus_in_the_root_directory_is_not_tried() -> None:
    """Root's bubblewrap would make a file there."""
    environ = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    assert Trial(environ).failure() == "the session bus is a socket in the root directory"


@works
@needs_root
@pytest.mark.parametrize("name", ["HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XAUTHORITY"])
@pytest.mark.parametrize(("directory", "code"), [("{closed}", 1), ("/nowhere", 0), ("/tmp", 0)])
def test_a_directory_that_may_not_be_looked_into_fails_the_trial(
    tmp_path: Path, name: str, directory: str, code: int
) -> None:
    tmp_path.chmod(0o700)
    trial = command({name: directory.format(closed=tmp_path)})
    done = subprocess.run(trial, user=VICTIM, group=VICTIM, extra_groups=(), capture_output=True, check=False)
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize(
    ("address", "directory"),
    [
        ("unix:path=/run/user/1000/bus", "/run/user/1000"),
        ("unix:path=/run/user/1000/bus,guid=abc", "/run/user/1000"),
        ("unix:guid=abc,path=/run/user/1000/bus", "/run/user/1000"),
        ("unix:path=/nowhere", "/"),
        ("unix:abstract=/tmp/dbus-x,guid=abc", None),
        ("/dev/null", None),
        ("", None),
    ],
)
def test_the_directory_of_a_bus(address: str, directory: str | None) -> None:
    assert bus_directory({"DBUS_SESSION_BUS_ADDRESS": address}) == directory


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        ({"BWRAP": "/nowhere"}, "bubblewrap is not installed"),
        ({"BWRAP": "/nowhere", "PROXY": "/nowhere/too"}, "bubblewrap and xdg-dbus-proxy are not installed"),
        ({"BWRAP": "/bin/false"}, "/bin/false ends with 1"),
    ],
)
def test_why_it_cannot_be_set_up(monkeypatch: pytest.MonkeyPatch, programs: dict[str, str], reason: str) -> None:
    for name, program in programs.items():
        monkeypatch.setattr(sandbox, name, program)
    assert Trial().failure() == reason
