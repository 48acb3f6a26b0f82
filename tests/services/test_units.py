"""A service as units."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from services.made import made
from wesktop.services.units import render

SERVICE, SOCKET = "wesktop-hello.service", "wesktop-hello.socket"


def options(text: str) -> dict[str, list[str]]:
    """The options of a unit with their values."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^([A-Za-z]+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize(
    ("given", "there", "absent"),
    [
        (
            {},
            {
                "Type": ["notify"],
                "Description": ["hello"],
                "WorkingDirectory": ["/home/me/hello"],
                "FileDescriptorStoreMax": ["2"],
                "WatchdogSec": ["30"],
                "KillMode": ["control-group"],
                "TimeoutStartSec": ["80"],
                "TimeoutStopSec": ["15"],
                "TimeoutAbortSec": ["10"],
                "WantedBy": ["default.target"],
                "NoNewPrivileges": ["yes"],
            },
            ["User", "Requires", "EnvironmentFile", "AmbientCapabilities", "ProtectSystem", "RuntimeDirectory"],
        ),
        ({"system": True, "user": "me"}, {"PrivateTmp": ["yes"]}, []),
        ({"system": True, "user": "me", "directory": "/tmp/hello"}, {"PrivateTmp": ["no"]}, []),
        ({"system": True, "user": "me", "command": ("/var/tmp/venv/bin/wesktop",)}, {"PrivateTmp": ["no"]}, []),
        ({"watchdog": None}, {}, ["WatchdogSec"]),
        ({"watchdog": 1.5}, {"WatchdogSec": ["1.5"]}, []),
        ({"sandbox": False}, {"Type": ["notify"]}, ["NoNewPrivileges", "SystemCallFilter"]),
        ({"drain_timeout": 86400.0}, {"TimeoutStopSec": ["86410"], "TimeoutAbortSec": ["86405"]}, []),
        ({"start_timeout": 0.001}, {"TimeoutStartSec": ["21"]}, []),
        ({"environment": {"A": "1", "B": "2 3"}}, {"Environment": ["A=1", '"B=2 3"']}, []),
        ({"environment_file": "/etc/hello"}, {"EnvironmentFile": ["/etc/hello"]}, []),
        ({"environment": {"A": "1"}, "variables": {"A": "2"}}, {"Environment": ["A=2"]}, ["EnvironmentFile"]),
        (
            {"system": True, "user": "me", "variables": {"A": "1"}, "environment_file": "/etc/hello"},
            {"EnvironmentFile": ["/etc/systemd/system/wesktop-hello.env", "/etc/hello"]},
            [],
        ),
        (
            {"on_demand": True},
            {"Requires": [SOCKET]},
            ["FileDescriptorStoreMax", "WantedBy"],
        ),
        (
            {"system": True, "user": "me"},
            {
                "User": ["me"],
                "WantedBy": ["multi-user.target"],
                "RuntimeDirectory": ["wesktop-hello"],
                "StateDirectory": ["wesktop-hello"],
                "ProtectSystem": ["full"],
                "CapabilityBoundingSet": [""],
                "Environment": [
                    "XDG_RUNTIME_DIR=/run/wesktop-hello",
                    "XDG_STATE_HOME=/var/lib/wesktop-hello",
                    "XDG_CONFIG_HOME=/var/lib/wesktop-hello",
                ],
            },
            ["AmbientCapabilities"],
        ),
        (
            {"system": True, "user": "me", "port": 80},
            {
                "AmbientCapabilities": ["CAP_NET_BIND_SERVICE"],
                "CapabilityBoundingSet": ["CAP_NET_BIND_SERVICE"],
            },
            [],
        ),
        (
            {"system": True, "user": "me", "port": 80, "on_demand": True},
            {"CapabilityBoundingSet": [""]},
            ["AmbientCapabilities"],
        ),
    ],
)
def test_the_service_has_what_it_was_given(
    given: dict[str, Any], there: dict[str, list[str]], absent: list[str]
) -> None:
    found = options(render(made(**given))[SERVICE])
    assert {name: found.get(name) for name in there} == there
    assert [name for name in absent if name in found] == []


@pytest.mark.parametrize("on_demand", [False, True])
def test_what_every_user_can_ask_the_machines_systemd_holds_no_variable(on_demand: bool) -> None:
    variables = {"API_KEY": "hunter2", "XDG_RUNTIME_DIR": "/elsewhere"}
    units = render(made(system=True, user="me", on_demand=on_demand, environment={"A": "1"}, variables=variables))
    apart = units.pop("wesktop-hello.env")
    assert "hunter2" not in "".join(units.values())
    assert apart.splitlines()[1:] == ['API_KEY="hunter2"']
    assert "Environment=XDG_RUNTIME_DIR=/run/wesktop-hello" in units[SERVICE].splitlines()
    assert set(render(made(system=True, user="me"))) == {SERVICE}


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000"), ("0.0.0.0", "0.0.0.0:8000")],
)
def test_a_socket_listens_where_the_app_would(host: str, address: str) -> None:
    units = render(made(on_demand=True, host=host))
    assert options(units[SOCKET])["ListenStream"] == [address]
    assert "[Install]" not in units[SERVICE]


@pytest.mark.parametrize("given", [{}, {"on_demand": True}, {"environment": {"A": "1"}, "sandbox": False}])
@pytest.mark.parametrize("mode", ["--user", "--system"])
def test_systemd_takes_the_units(tmp_path: Path, home: Path, given: dict[str, Any], mode: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd")
    system = {"system": True, "user": "root"} if mode == "--system" else {}
    service = made(**given, **system, command=("/bin/true",), reload_command=("/bin/true",), directory="/tmp")
    for name, text in render(service).items():
        (tmp_path / name).write_text(text)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "verify", mode, "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True, text=True, check=False, timeout=50,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "wesktop-hello" in line] == []
    assert done.returncode == 0, done.stderr
