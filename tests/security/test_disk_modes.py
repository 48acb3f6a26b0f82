"""All that a server leaves on disk is for its owner alone, whatever the umask and whatever was there before."""

from pathlib import Path

import pytest

from support.modes import made, mode, open_umask, too_open
from support.running import NAME, Start
from support.waiting import wait_for


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
