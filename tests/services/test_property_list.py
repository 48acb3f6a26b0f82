"""A service as launchd's property list: by the keys and types that launchd.plist(5) has. No Mac has run them."""

import plistlib
from typing import Any

import pytest

from services.made import made
from wesktop.services.launchd import parse_print
from wesktop.services.manager import MARK
from wesktop.services.places import label
from wesktop.services.property_list import job, render
from wesktopd.errors import ConfigurationError
from wesktopd.system import SOCKETS

LOG = "/Users/me/Library/Logs/wesktop.hello.log"
DOCUMENTED: dict[str, Any] = {
    "Label": str,
    "UserName": str,
    "ProgramArguments": [str],
    "WorkingDirectory": str,
    "EnvironmentVariables": {str: str},
    "KeepAlive": {"SuccessfulExit": bool},
    "RunAtLoad": bool,
    "ThrottleInterval": int,
    "ExitTimeOut": int,
    "Sockets": {str: {"SockNodeName": str, "SockServiceName": str, "SockType": str, "SockFamily": str}},
    "SoftResourceLimits": {"NumberOfFiles": int},
    "StandardOutPath": str,
    "StandardErrorPath": str,
    "Umask": int,
}


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a documented type."""
    if isinstance(kind, list):
        return isinstance(value, list) and all(fits(each, kind[0]) for each in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(
            fits(each, kind.get(name, kind.get(str))) for name, each in value.items()
        )
    return type(value) is kind


def a_job(**options: Any) -> dict[str, Any]:
    return job(made(**{"watchdog": None, **options}), LOG)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"on_demand": True},
        {"on_demand": True, "host": "::1"},
        {"environment": {"A": "b c"}},
        {"system": True, "user": "me"},
    ],
)
def test_every_key_is_documented_and_of_its_type(options: dict[str, Any]) -> None:
    found = a_job(**options)
    assert {name for name, value in found.items() if not fits(value, DOCUMENTED.get(name))} == set()
    assert not any("@" in str(value) for value in found.values())


def test_it_is_kept_alive_until_it_ends_well() -> None:
    found = a_job()
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["RunAtLoad"] is True
    assert "Sockets" not in found
    assert "EnvironmentVariables" not in found
    assert found["ExitTimeOut"] == 15
    assert (found["StandardOutPath"], found["StandardErrorPath"]) == (LOG, LOG)
    assert found["Label"] == label("hello") == "wesktop.hello"


def test_on_demand_launchd_listens_and_nothing_starts_before() -> None:
    found = a_job(on_demand=True, host="::1", environment={"A": "1"})
    assert "KeepAlive" not in found
    assert found["RunAtLoad"] is False
    ((name, listens),) = found["Sockets"].items()
    assert listens == {
        "SockNodeName": "::1",
        "SockServiceName": "8000",
        "SockType": "stream",
        "SockFamily": "IPv6",
    }
    assert found["EnvironmentVariables"] == {"A": "1", SOCKETS: name}


@pytest.mark.parametrize("hostile", ["A & <B>", "]]>", "<!--", '"', "'", "$HOME", "%h", "é 🎉", " x ", "@LABEL@", ""])
def test_values_round_trip(hostile: str) -> None:
    service = made(
        watchdog=None,
        directory=f"/{hostile}",
        command=("/bin/wesktop", hostile),
        environment={"A": hostile},
    )
    data = render(service, LOG)
    assert MARK in data
    found = plistlib.loads(data)
    assert found == job(service, LOG)
    assert found["WorkingDirectory"] == f"/{hostile}"
    assert found["ProgramArguments"] == ["/bin/wesktop", hostile]
    assert found["EnvironmentVariables"] == {"A": hostile}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"environment_file": "/x"}, "--env-file"),
        ({"watchdog": 5.0}, "--watchdog"),
        ({"sandbox": False}, "--no-sandbox"),
        ({"directory": "/a\nb"}, "line break"),
        ({"command": ("/bin/a", "\x01")}, "control character"),
        ({"environment": {"A": "\x1b"}}, "control character"),
    ],
)
def test_what_launchd_cannot_do_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        a_job(**options)


PRINTED = """gui/501/wesktop.hello = {
\tactive count = 1
\tpath = /Users/me/Library/LaunchAgents/wesktop.hello.plist
\ttype = LaunchAgent
\tstate = running

\tprogram = /opt/venv/bin/wesktop
\targuments = {
\t\t/opt/venv/bin/wesktop
\t\tstate = of no matter
\t}

\truns = 3
\tpid = 4711
\tlast exit code = 1
}
"""


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", {}),
        (PRINTED, {"state": "running", "pid": "4711", "runs": "3", "last exit code": "1"}),
    ],
)
def test_what_launchctl_prints_is_read(text: str, facts: dict[str, str]) -> None:
    found = parse_print(text)
    assert {name: found[name] for name in facts} == facts
    assert bool(found) == bool(text)
