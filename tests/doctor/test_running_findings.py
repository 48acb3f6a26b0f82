"""What is said of services, apps and ports."""

import os
import socket
from typing import Any

import pytest

from cli.made import report, worker
from wesktop.doctor.finding import Level, warning
from wesktop.doctor.running import app_finding, port_finding, service_finding
from wesktop.services.manager import Status


def status(**facts: Any) -> Status:
    given: dict[str, Any] = {
        "name": "hello",
        "service": "wesktop-hello",
        "manager": "systemd",
        "system": False,
        "state": "active",
        "enabled": True,
        "pid": 4711,
        "restarts": 0,
        "note": "Serving on http://127.0.0.1:8000.",
        "files": [],
    }
    return Status(**{**given, **facts})


@pytest.mark.parametrize(
    ("facts", "level", "cure"),
    [
        ({}, Level.OK, None),
        ({"state": "listening", "note": ""}, Level.OK, None),
        ({"state": "inactive"}, Level.OK, None),
        ({"restarts": 3}, Level.WARNING, "wesktop ctl events hello"),
        ({"state": "failed"}, Level.PROBLEM, "journalctl --user -u wesktop-hello -n 50"),
        ({"state": "failed", "system": True}, Level.PROBLEM, "journalctl -u wesktop-hello -n 50"),
    ],
)
def test_services(facts: dict[str, Any], level: Level, cure: str | None) -> None:
    finding = service_finding(status(**facts))
    assert (finding.level, finding.cure) == (level, cure)


@pytest.mark.parametrize(("restarts", "said"), [(1, "restarted once"), (3, "restarted 3 times")])
def test_restarts_are_counted(restarts: int, said: str) -> None:
    assert service_finding(status(restarts=restarts)).text.endswith(said)


@pytest.mark.parametrize(
    ("facts", "installed", "level", "cure"),
    [
        ({}, "", Level.OK, None),
        ({"release": "1.0"}, "1.0", Level.OK, None),
        ({"release": "1.0"}, "1.1", Level.WARNING, "wesktop ctl upgrade demo"),
        ({"workers": [worker(state="backoff")]}, "", Level.WARNING, "wesktop ctl logs demo"),
        ({"trouble": "it does not start\nTraceback"}, "", Level.PROBLEM, "wesktop ctl status demo"),
    ],
)
def test_apps(facts: dict[str, Any], installed: str, level: Level, cure: str | None) -> None:
    finding = app_finding("demo", report(**facts), installed)
    assert (finding.level, finding.cure) == (level, cure)
    assert "Traceback" not in finding.text


def test_an_app_that_does_not_answer_is_a_problem() -> None:
    assert app_finding("demo", None, "").level is Level.PROBLEM


def test_a_port_that_is_taken_names_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = port_finding("127.0.0.1", port, "asked for", None)
        assert finding.level is Level.PROBLEM
        assert f"port {port} on 127.0.0.1 is in use by" in finding.text
        assert f"(pid {os.getpid()})" in finding.text
        assert port_finding("127.0.0.1", port, "asked for", None, warning).level is Level.WARNING
        assert port_finding("127.0.0.1", port, "asked for", "demo").text == f"port {port} (asked for) is demo's"
    assert port_finding("127.0.0.1", port, "asked for", None).level is Level.OK


def test_an_address_of_no_interface_is_raised() -> None:
    finding = port_finding("192.0.2.1", 8000, "that of demo", None)  # TEST-NET-1, RFC 5737
    assert finding.level is Level.PROBLEM
    assert "192.0.2.1" in finding.text
