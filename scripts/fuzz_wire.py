"""Targets for fuzz.py: what our processes say to each other, as lines in any pieces and messages of any release."""

import contextlib
from collections.abc import Callable

from scripts.fuzz_supervisor import JOIN, PUBLISH, REQUESTS

LIMIT = 16
ANSWERS = [
    b'{"type":"done","id":1,"note":""}',
    b'{"type":"failed","error":"BindError","message":"m","log_tail":""}',
    b'{"type":"ready","url":"u","link":null}',
    b'{"type":"others","count":2}',
    b'{"type":"asked","number":1,"question":{"kind":"confirm","title":"t","text":"","accept":""}}',
    b'{"type":"asked","number":1,"question":{"kind":"colour"}}',
    b'{"type":"log","time":1.5,"pid":1,"stream":"stdout","text":"x"}',
    b'{"type":"nothing","of":[{}]}',
]
ORDERS = [
    b'{"type":"stop"}',
    b'{"type":"retire"}',
    b'{"type":"redeemed","number":1,"admitted":true}',
    b'{"type":"launch","arguments":["a"],"directory":"/"}',
    b'{"type":"beat","requests":1,"idle":0.5}',
    b'{"type":"nothing"}',
]
SEEDS = {
    # The first byte says in pieces of how many bytes the rest comes.
    "lines": [b"\x01one\n\ntwo\r\nthree", b"\x07" + b"x" * LIMIT + b"\n", b"\x07" + b"x" * (LIMIT + 1) + b"\nrest\n"],
    "messages": [*ANSWERS, *ORDERS, *REQUESTS, JOIN, PUBLISH],
}
WORDS = {
    "lines": [b"\n", b"\r\n", b"x" * LIMIT, b"y" * (LIMIT + 1)],
    "messages": [*ANSWERS, *ORDERS, b'"type":', b'"id":', b'"kind":"notice"', b"null", b"1e999", b"\\ud800"],
}


def lines() -> Callable[[bytes], None]:
    """Lines do not depend on the pieces in which they come."""
    from wesktopd.wire.lines import LineReader, LineTooLongError

    def check(data: bytes) -> None:
        size, stream = (data[0] & 0x7F) + 1 if data else 1, data[1:]
        *whole, rest = stream.split(b"\n")
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        cutting, refusing = LineReader(LIMIT, cut=True), LineReader(LIMIT)
        assert [line for piece in pieces for line in cutting.feed(piece)] == [line[:LIMIT] for line in whole]
        assert cutting.rest == rest[:LIMIT]
        found: list[bytes] = []
        try:
            for piece in pieces:
                found.extend(refusing.feed(piece))
        except LineTooLongError:
            assert max(map(len, (*whole, rest))) > LIMIT
        else:
            assert found == whole

    return check


def messages() -> Callable[[bytes], None]:
    """A line is a message, of an unknown type, or a protocol error."""
    from wesktopd.errors import ControlError
    from wesktopd.wire import bus_messages, control_messages, dialog_messages, worker_messages
    from wesktopd.wire.window_messages import Asked

    def check(data: bytes) -> None:
        try:
            answer = control_messages.decode_answer(data)
        except ControlError:
            answer = None
        if isinstance(answer, Asked):
            with contextlib.suppress(ValueError):
                dialog_messages.read(answer.question)
        for decode in (bus_messages.decode_to_bus, bus_messages.decode_from_bus):
            with contextlib.suppress(ValueError, RecursionError):
                decode(data)
        for kinds in (worker_messages.TO_WORKER, worker_messages.FROM_WORKER):
            try:
                message = worker_messages.decode(data, *kinds)
            except ValueError:
                continue
            assert message is None or isinstance(message, kinds)

    return check


TARGETS = (lines, messages)
