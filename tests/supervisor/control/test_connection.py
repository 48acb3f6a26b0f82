"""A client's connection, to a server of another release or one that goes wrong; the test is the server."""

import json
import socket
from collections.abc import Iterator

import pytest

from wesktopd.control.connection import Connection
from wesktopd.errors import ControlError, ControlTimeoutError
from wesktopd.wire.control_messages import MAX_FRAME, Done, Down, End, Raise, Status

UNKNOWN = b'{"type":"praise","id":1,"for":["being there"]}\n'
DONE = b'{"type":"done"}\n'
RAISE = b'{"type":"raise"}\n'


@pytest.fixture
def joined() -> Iterator[tuple[Connection, socket.socket]]:
    """A connection, and its server's side."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(20)
    with Connection(ours) as connection, theirs:
        yield connection, theirs


Joined = tuple[Connection, socket.socket]


def test_an_answer_of_a_later_release_is_skipped_by_who_waits_for_another(joined: Joined) -> None:
    connection, server = joined
    server.sendall(UNKNOWN + b"\n\r\n" + UNKNOWN + DONE)
    assert connection.ask(Status()) == Done()
    with server.makefile("rb") as lines:
        assert json.loads(lines.readline())["type"] == "status"


def test_events_of_a_later_release_are_skipped_among_others(joined: Joined) -> None:
    connection, server = joined
    server.sendall(RAISE + UNKNOWN + b'{"type":"down","reason":"x"}\n')
    assert [*connection.pending()] == [Raise(), Down(reason="x")]
    server.sendall(UNKNOWN)
    assert [*connection.pending()] == []
    server.sendall(b'{"type":"end"}\n')
    server.close()
    assert [*connection.pending()] == [End()]
    assert [*connection.pending()] == [None]


def test_half_a_frame_is_not_waited_for_by_who_asks_for_what_has_come(joined: Joined) -> None:
    connection, server = joined
    server.sendall(RAISE + RAISE[:8])
    assert [*connection.pending()] == [Raise()]
    server.sendall(RAISE[8:10])
    assert [*connection.pending()] == []
    server.sendall(RAISE[10:])
    assert [*connection.pending()] == [Raise()]


def test_who_waits_for_an_answer_hears_only_unknown_ones_no_longer_than_his_time(joined: Joined) -> None:
    connection, server = joined
    server.sendall(UNKNOWN)
    with pytest.raises(ControlTimeoutError, match="did not answer within"):
        connection.receive(0.01)
    server.sendall(DONE)
    assert connection.receive(20) == Done()


def test_answers_that_have_come_together_are_received_one_by_one(joined: Joined) -> None:
    connection, server = joined
    server.sendall(RAISE * 3 + DONE)
    assert [connection.receive(20) for _ in range(2)] == [Raise()] * 2
    server.close()
    assert [*connection.pending()] == [Raise(), Done(), None]
    assert connection.receive(20) is None


@pytest.mark.parametrize(
    "what", [b"garbage\n", b"[]\n", b'{"type":"ready"}\n', b"x" * (MAX_FRAME + 1)], ids=lambda what: what[:5]
)
def test_what_is_no_answer_is_an_error_behind_those_before_it(joined: Joined, what: bytes) -> None:
    connection, server = joined
    server.sendall(RAISE + what)
    answers = connection.pending()
    assert next(answers) == Raise()
    with pytest.raises(ControlError, match="answered with something else"):
        [*answers, connection.receive(20)]
