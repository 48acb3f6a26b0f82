"""A channel of the event bus: what is told to whom, without sockets."""

import msgspec
import pytest

from wesktopd.bus.event_bus import Channel
from wesktopd.wire.bus_messages import Publish


def channel(*numbers: int, keep: int = 100) -> Channel:
    """A channel to which an origin has sent events of these numbers."""
    made = Channel("app")
    made.ask_for(keep, 1024 * 1024, 60.0)
    for number in numbers:
        made.publish(Publish(event="count", data=str(number), origin="a", number=number))
    return made


def told(made: Channel, epoch: str, after: int) -> tuple[int, list[str]]:
    """After which event a process with this place is told of, and of which."""
    start, lines = made.since(epoch, after)
    return start, [msgspec.json.decode(line)["data"] for line in lines]


def test_an_event_that_is_sent_again_is_raised_once() -> None:
    made = channel(1, 2, 2, 1, 3)
    assert told(made, made.epoch, 0) == (0, ["1", "2", "3"])
    assert made.seq == 3


@pytest.mark.parametrize(("after", "data"), [(3, ["4", "5"]), (4, ["5"]), (5, [])])
def test_a_place_that_is_kept_gets_what_follows(after: int, data: list[str]) -> None:
    made = channel(1, 2, 3, 4, 5, keep=3)
    assert told(made, made.epoch, after) == (after, data)


@pytest.mark.parametrize(("epoch", "after"), [("another", 4), ("", 0), (None, 0), (None, 1), (None, 6)])
def test_a_place_that_is_not_kept_gets_all_that_is(epoch: str | None, after: int) -> None:
    made = channel(1, 2, 3, 4, 5, keep=3)
    assert told(made, made.epoch if epoch is None else epoch, after) == (2, ["3", "4", "5"])
