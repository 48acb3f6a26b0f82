"""What the supervisor tells the windows that are attached, and which of them: real control connections."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from support.running import Running, Start
from support.waiting import wait_for

MAX_KEPT = 16


class Lease:
    """A window's or a caller's lease, as others would write it."""

    def __init__(self, app: Running, kind: str, **fields: str) -> None:
        self.sock: socket.socket = app.control_connection()
        self._lines = self.sock.makefile("rb")
        self.first = self.ask(type="attach", kind=kind, **fields)

    def send(self, **message: object) -> None:
        """Say something."""
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def next(self) -> dict[str, object]:
        """The next that comes."""
        found: dict[str, object] = json.loads(self._lines.readline() or b'{"type": "gone"}')
        return found

    def ask(self, **message: object) -> dict[str, object]:
        """Say something, and the answer."""
        self.send(**message)
        return self.next()

    def close(self) -> None:
        """End it."""
        self._lines.close()
        self.sock.close()


@pytest.fixture
def app(start_app: Start) -> Running:
    """An app without a window."""
    return start_app()


@pytest.fixture
def attach(app: Running) -> Iterator[type]:
    """Take a lease; those that are left end with the test."""
    with ExitStack() as stack:

        def take(kind: str = "window", **fields: str) -> Lease:
            lease = Lease(app, kind, **fields)
            stack.callback(lease.close)
            return lease

        yield take  # type: ignore[misc]


def ask(app: Running, **message: object) -> dict[str, object]:
    """One request on a connection of its own."""
    with app.control_connection() as sock, sock.makefile("rb") as lines:
        sock.sendall(json.dumps(message).encode() + b"\n")
        found: dict[str, object] = json.loads(lines.readline())
        return found


def test_the_window_that_had_the_focus_last_comes_to_the_front(app: Running, attach: type) -> None:
    one, two = attach(), attach()
    ask(app, type="focus")
    assert two.next()["type"] == "raise"
    assert one.ask(type="focused", id=5) == {"type": "done", "id": 5, "note": ""}
    ask(app, type="focus")
    assert one.next()["type"] == "raise"
    one.close()
    wait_for(lambda: app.status()["windows"] == 1, "its end")
    ask(app, type="focus")
    assert two.next()["type"] == "raise"


def test_without_a_window_focus_fails(app: Running, attach: type) -> None:
    attach("caller")
    answer = ask(app, type="focus")
    assert (answer["type"], answer["error"]) == ("failed", "NoWindowError")


def test_a_launch_is_told_to_the_window_in_front(app: Running, attach: type) -> None:
    one, two = attach(), attach()
    assert ask(app, type="launch", arguments=["ä", "--b"], directory="/x")["type"] == "done"
    assert two.next()["type"] == "raise"
    assert two.next() == {"type": "launched", "id": 0, "arguments": ["ä", "--b"], "directory": "/x"}
    one.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        one.sock.recv(1)


def test_launches_wait_for_a_window_and_of_too_many_the_oldest_are_lost(app: Running, attach: type) -> None:
    for number in range(MAX_KEPT + 2):
        assert ask(app, type="launch", arguments=[str(number)], directory="/")["type"] == "done"
    window = attach()
    assert window.first["type"] == "ready"
    assert [window.next()["arguments"] for _ in range(MAX_KEPT)] == [[str(n)] for n in range(2, MAX_KEPT + 2)]


def test_callers_are_told_how_many_others_hold_a_lease(app: Running, attach: type) -> None:
    caller = attach("caller")
    assert caller.next() == {"type": "others", "id": 0, "count": 0}
    window = attach()
    assert caller.next()["count"] == 1
    window.close()
    assert caller.next()["count"] == 0


@pytest.mark.parametrize("session", ["--session", "--no-session"])
def test_the_links_of_a_lease_lead_to_its_path(start_app: Start, session: str) -> None:
    app = start_app(session)
    lease = Lease(app, "window", path="/a?b=c#d")
    link = lease.first["link"]
    if session == "--session":
        assert isinstance(link, str)
        assert link.endswith("&to=/a%3Fb%3Dc%23d")
    else:
        assert link == f"{app.url}/a?b=c#d"
    lease.close()


@pytest.mark.parametrize("path", ["//evil.example/", "", "a", "/\n"])
def test_a_lease_whose_path_leads_elsewhere_is_refused(app: Running, path: str) -> None:
    lease = Lease(app, "window", path=path)
    assert (lease.first["type"], lease.first["error"]) == ("failed", "ConfigurationError")
    assert app.status()["windows"] == 0
    lease.close()
