"""The port of an instance: what the service manager holds of it, and how its windows find it."""

import contextlib
import socket
from pathlib import Path

import pytest

from support.ipv6 import needs_ipv6
from support.scripts import free_port
from wesktopd.errors import BindError
from wesktopd.instance.instance import Instance
from wesktopd.instance.listener import listen
from wesktopd.spec import AppSpec
from wesktopd.system import service_manager


@pytest.fixture
def stored(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """What the service manager is given to hold."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    given: list[socket.socket] = []
    monkeypatch.setattr(service_manager, "store", given.append)
    return given


def instance(port: int) -> Instance:
    """One of an app."""
    return Instance(AppSpec(target="demo:app", name="app", port=port, working_dir="/", import_path=[]))


@needs_ipv6
@pytest.mark.parametrize("name", [service_manager.STORED, "wesktop-app.socket"])
@pytest.mark.parametrize("has_twin", [False, True])
def test_the_other_address_of_a_passed_socket_is_held_too(
    stored: list[socket.socket], monkeypatch: pytest.MonkeyPatch, name: str, has_twin: bool
) -> None:
    port = listen("127.0.0.1", free_port(), "app")
    assert port.twin is not None
    passed = [(name, port.listener)]
    if has_twin:
        passed.insert(0, (service_manager.STORED, port.twin))
    else:
        port.twin.close()
    forgotten: list[bool] = []
    monkeypatch.setattr(service_manager, "passed_sockets", lambda: passed)
    monkeypatch.setattr(service_manager, "forget_stored", lambda: forgotten.append(True))
    with instance(port.listener.getsockname()[1]) as held:
        assert held.port.listener is port.listener
        assert held.port.has_loopback
        assert stored == ([] if has_twin else [held.port.twin])
        assert not forgotten


@needs_ipv6
@pytest.mark.parametrize("stays", [False, True])
def test_after_an_upgrade_of_a_release_that_had_none_the_other_address_is_held(
    stored: list[socket.socket], stays: bool
) -> None:
    port = listen("127.0.0.1", free_port(), "app")
    assert port.twin is not None
    port.twin.close()
    with contextlib.ExitStack() as held:
        successor = instance(port.listener.getsockname()[1])
        successor.inherit(port.listener, None, None, socket_stays=stays)
        held.push(successor)
        assert not stored
        successor.take_name(None)
        assert stored == ([successor.port.twin] if stays else [])


def test_at_port_80_its_host_goes_without_the_port(stored: list[socket.socket]) -> None:
    try:
        listen("127.0.0.1", 80, "app").close()
    except BindError as error:
        pytest.skip(error.message)
    with instance(80) as held:
        host = held.origin.removeprefix("http://")
        assert ":" not in host
        assert {host, f"{host}:80"} <= {*held._worker_spec().allowed_hosts}
