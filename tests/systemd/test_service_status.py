"""How services are told under a real systemd: each for itself."""

import json
from pathlib import Path

import pytest

from systemd.installed import Installed


@pytest.fixture
def broken(installed: Installed) -> dict[str, Path]:
    """Beside one that is in order, services that cannot be looked at, by their names."""
    installed.install()
    units = installed.app.manager.units
    unreadable = units / "wesktop-aa.service"
    unreadable.mkdir()  # for root too
    foreign = units / "wesktop-zz.socket"
    foreign.write_text("[Socket]\nListenStream=1\n")
    (units / "wesktop-zz.service").write_bytes((units / installed.app.unit).read_bytes())
    return {"aa": unreadable, "zz": foreign}


def test_a_service_that_cannot_be_looked_at_hides_no_other(installed: Installed, broken: dict[str, Path]) -> None:
    code, said, errors = installed.service("status", "--json")
    assert (code, [status["name"] for status in json.loads(said)["services"]]) == (1, [installed.name])
    told = dict(zip(broken, errors.splitlines(), strict=True))
    assert told["aa"].startswith(f"wesktop: {broken['aa']} cannot be read (Is a directory): ")
    assert told["zz"].startswith(f"wesktop: {broken['zz']} was not written by `wesktop service install`: remove it")
    code, said, errors = installed.service("status")
    assert (code, len(errors.splitlines())) == (1, 2)
    _, line = said.splitlines()
    assert line.split()[:2] == [installed.name, "active"]
    for name in broken:
        assert installed.service("status", name) == (1, "", f"{told[name]}\n")


def test_where_none_can_be_looked_at_the_reason_is_raised_once_and_not_that_there_is_none(
    installed: Installed,
) -> None:
    installed.install("--no-start")
    units = installed.app.manager.units
    (units / "wesktop-zz.service").write_bytes((units / installed.app.unit).read_bytes())
    done = installed.app.manager.run("sh", "-c", "XDG_RUNTIME_DIR=/nowhere wesktop service status")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
