"""The control messages and the exceptions that travel in them."""

import pytest

from wesktopd import errors
from wesktopd.control import handed_connections
from wesktopd.errors import ControlError, WesktopError, from_wire
from wesktopd.guard.session import SessionSecrets
from wesktopd.upgrade import messages
from wesktopd.wire import greeting, worker_messages
from wesktopd.wire.control_messages import (
    MAX_FRAME,
    MAX_LOG_TAIL,
    Attach,
    BearerToken,
    Done,
    Down,
    End,
    Failed,
    Focus,
    Linked,
    Listening,
    Raise,
    Ready,
    Status,
    Stop,
    decode_answer,
    decode_request,
    encode,
    failure,
)
from wesktopd.wire.message import Message
from wesktopd.wire.window_messages import Navigate

EXCEPTIONS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, WesktopError)]


@pytest.mark.parametrize("request_", [Status(id=1), Stop(), Focus(id=7), Attach(id=2, kind="window")])
def test_requests_survive_the_wire(request_: Message) -> None:
    assert decode_request(encode(request_)) == request_


@pytest.mark.parametrize(
    "answer",
    [
        Done(id=3),
        Failed(error="BindError", message="no", log_tail="a\nb"),
        Listening(url="http://x"),
        Ready(url="http://x"),
        Down(reason="gone"),
        Raise(),
        End(id=9),
    ],
)
def test_answers_survive_the_wire(answer: Message) -> None:
    assert decode_answer(encode(answer)) == answer


NO_MESSAGES = [
    b"",
    b"\n",
    b"\0",
    b"garbage",
    b"[]",
    b"{}",
    b'"stop"',
    b"\xff",
    b'{"type":',
    b'{"type":5}',
    b'{"type":"nothing"',
    b'{"type":"nothing","of":' + b"[" * 50_000,
]


@pytest.mark.parametrize(
    "frame", [*NO_MESSAGES, b'{"type":"nothing"}', b'{"type":"done"}', b'{"type":"attach","kind":"owner"}']
)
def test_what_is_no_request_is_a_control_error(frame: bytes) -> None:
    with pytest.raises(ControlError, match="not a request"):
        decode_request(frame)


@pytest.mark.parametrize("frame", [*NO_MESSAGES, b'{"type":"ready"}', b'{"type":"others","count":"2"}'])
def test_what_is_no_answer_is_a_control_error(frame: bytes) -> None:
    with pytest.raises(ControlError, match="answered with something else"):
        decode_answer(frame)


@pytest.mark.parametrize("frame", [b'{"type":"nothing"}', b'{"id":[7],"type":"attach"}', b'{"type":"Done"}'])
def test_an_answer_of_a_type_that_is_not_known_is_skipped(frame: bytes) -> None:
    assert decode_answer(frame) is None


def test_a_field_that_is_not_known_yet_is_let_pass() -> None:
    assert decode_request(b'{"type":"status","id":1,"since":"2.0"}') == Status(id=1)


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_every_exception_is_raised_again_on_the_other_side(exception: type[WesktopError]) -> None:
    sent = failure(exception("a sentence.", "the log"))
    raised = from_wire(sent.error, sent.message, sent.log_tail)
    assert type(raised) is exception
    assert (raised.message, raised.log_tail) == ("a sentence.", "the log")


def test_an_unknown_exception_is_the_general_one() -> None:
    assert type(from_wire("FutureError", "hm")) is WesktopError


def test_str_shows_the_end_of_the_log() -> None:
    assert str(WesktopError("It failed.")) == "It failed."
    assert str(WesktopError("It failed.", "line")) == "It failed.\nThe last lines of its log:\nline"


def test_the_longest_log_of_control_characters_fits_a_frame() -> None:
    assert len(encode(failure(WesktopError("m" * 1000, "\x01" * MAX_LOG_TAIL)))) <= MAX_FRAME


def drawn_tree(cls: type[WesktopError], depth: int = 0) -> list[tuple[int, str]]:
    """The exception and those below it, each with its depth."""
    below = [line for child in cls.__subclasses__() for line in drawn_tree(child, depth + 1)]
    return [(depth, cls.__name__), *below]


def test_the_documented_tree_of_exceptions_is_the_real_one() -> None:
    lines = (errors.__doc__ or "").splitlines()[2:]
    documented = [(line.count("|") + line.count("+--") + line.startswith("    "), line) for line in lines]
    assert [
        (depth, line.split()[line.split().index("+--") + 1] if depth else line) for depth, line in documented
    ] == (drawn_tree(WesktopError))


def test_wesktop_errors_has_every_exception() -> None:
    import wesktop.errors

    assert set(wesktop.errors.__all__) == {cls.__name__ for cls in EXCEPTIONS}


SECRET = "5" * 64


@pytest.mark.parametrize(
    "message",
    [
        Linked(url=SECRET),
        BearerToken(token=SECRET),
        Ready(url="u", link=SECRET),
        Navigate(url=SECRET),
        messages.Redeem(token=SECRET),
        handed_connections.HandedControl(listener=3, secret=SECRET, connections=[], kept=[]),
        worker_messages.Redeem(number=1, token=SECRET),
        SessionSecrets(SECRET, SECRET),
        greeting.ServerGreeting(SECRET, SECRET),
        greeting.ClientGreeting(SECRET),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_lets_somebody_in_is_not_in_what_is_logged_of_it(message: object) -> None:
    assert SECRET not in repr(message)
    assert SECRET not in f"{[message]} {message}"
