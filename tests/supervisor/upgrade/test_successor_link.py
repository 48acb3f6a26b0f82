"""What the workers of a supervisor print whose place another has taken."""

import asyncio
import socket
import threading

from wesktopd.upgrade.messages import MAX_LINE, Noted, Printed, decode
from wesktopd.upgrade.successor_link import MAX_WAITING, SuccessorLink
from wesktopd.wire.lines import LineReader

PIECE = b"x" * 64 * 1024
PIECES = 4 * MAX_WAITING // len(PIECE)


def test_what_a_successor_does_not_read_is_bounded_and_it_is_raised_how_much_was_dropped() -> None:
    ours, theirs = socket.socketpair()
    received: list[bytes] = []

    def read() -> None:
        while data := theirs.recv(1 << 20):
            received.append(data)

    async def print_much() -> None:
        successor = SuccessorLink(lambda: None)
        for _ in range(PIECES):  # before it is connected
            successor.printed(1, "stdout", PIECE)
        assert sum(len(each.data) for each in successor.kept if isinstance(each, Printed)) <= MAX_WAITING
        await asyncio.get_running_loop().connect_accepted_socket(lambda: successor, ours)
        for _ in range(PIECES):
            successor.printed(1, "stdout", PIECE)
        reader = threading.Thread(target=read)
        reader.start()
        await successor.leave()
        await asyncio.to_thread(reader.join)

    with theirs:
        asyncio.run(print_much())
    messages = [decode(line) for line in LineReader(MAX_LINE).feed(b"".join(received))]
    told = sum(len(each.data) for each in messages if isinstance(each, Printed))
    dropped = [int(each.event.text.split()[0]) for each in messages if isinstance(each, Noted)]
    assert dropped
    assert told + sum(dropped) == 2 * PIECES * len(PIECE)
