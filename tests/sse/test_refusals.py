"""What a broadcaster is not to be made with, and not to send."""

import inspect
from typing import Any

import pytest

from sse.pages import REQUEST
from wesktop.asgi import StreamResponse
from wesktop.sse import Broadcaster, sse_route
from wesktop.sse.buses.redis_bus import RedisBus


def test_signatures_are_the_specified_ones() -> None:
    assert str(inspect.signature(Broadcaster)).startswith("(buffer_size: int = 256, *, strict: bool = True, ")
    assert not inspect.iscoroutinefunction(Broadcaster.stream)
    assert inspect.iscoroutinefunction(sse_route(Broadcaster()))
    assert isinstance(Broadcaster().stream(REQUEST), StreamResponse)


def test_strict_broadcaster_refuses_an_unregistered_event_by_name(broadcaster: Broadcaster) -> None:
    with pytest.raises(ValueError, match=r"'tock' .*registered: tick"):
        broadcaster.broadcast("tock", 1)


def test_lenient_broadcaster_sends_any_event() -> None:
    broadcaster = Broadcaster(strict=False)
    broadcaster.broadcast("anything", 1)
    assert broadcaster.event_types == frozenset()


@pytest.mark.parametrize("name", ["", "a\nb", "a\rb", "a\r\ndata: x", "a\0"])
def test_event_name_that_would_break_the_stream_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="event name"):
        Broadcaster().register_event(name)
    with pytest.raises(ValueError, match="event name"):
        Broadcaster(strict=False).broadcast(name, 1)


def test_event_types_are_the_registered_names(broadcaster: Broadcaster) -> None:
    broadcaster.register_event("tock")
    broadcaster.register_event("tick")
    assert broadcaster.event_types == frozenset({"tick", "tock"})
    assert isinstance(broadcaster.event_types, frozenset)


def test_data_that_is_not_json_is_refused_even_without_clients(broadcaster: Broadcaster) -> None:
    with pytest.raises(TypeError):
        broadcaster.broadcast("tick", object())


@pytest.mark.parametrize("size", [0, -1])
def test_buffer_without_room_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="buffer_size"):
        Broadcaster(size)


@pytest.mark.parametrize(
    ("given", "refusal", "sentence"),
    [
        ({"buffer_size": "9"}, TypeError, "buffer_size must be .*not '9'"),
        ({"buffer_size": 2.5}, TypeError, "buffer_size must be .*not 2.5"),
        ({"history": True}, TypeError, "history must be .*not True"),
        ({"history_bytes": -1}, ValueError, "history_bytes must be .*not -1"),
        ({"history_seconds": "600"}, TypeError, "history_seconds must be .*not '600'"),
        ({"history_seconds": float("nan")}, ValueError, "history_seconds must be .*not nan"),
        ({"retry": 1.5}, TypeError, "retry must be .*not 1.5"),  # EventSource reads digits alone
        ({"strict": "no"}, TypeError, "strict must be .*not 'no'"),
        ({"name": 3}, TypeError, "name must be .*not 3"),
        ({"name": "a\nb"}, ValueError, r"^name must be one .*'a\\nb'"),
        ({"bus": 3}, TypeError, "bus must be .*not 3"),
        ({"bus": "nats://x"}, ValueError, "bus must be .*'nats://x'"),
        ({"buffer_bytes": 0}, ValueError, "buffer_bytes must be 1 or more, not 0"),
        (
            {"bus": "redis://host:70000"},
            ValueError,
            r"^bus must be a Redis URL.*'redis://host:70000'",
        ),
        ({"bus": "redis://[::1"}, ValueError, "a Redis URL"),
        ({"bus": "redis://host?db=x"}, ValueError, r"bus must be a Redis URL.*'redis://host\?db=x'"),
        ({"bus": "redis://host?nothing=1"}, ValueError, r"bus must be a Redis URL.*'redis://host\?nothing=1'"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_by_name_and_value(
    given: dict[str, Any], refusal: type[Exception], sentence: str
) -> None:
    with pytest.raises(refusal, match=sentence):
        Broadcaster(**given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"events": "tick"}, "events must be .*not 'tick'"),
        ({"groups": "ada"}, "groups must be .*not 'ada'"),
        ({"groups": 7}, "groups must be .*not 7"),
        ({"groups": [7]}, "groups must contain str, not 7"),
    ],
)
def test_a_name_that_stands_alone_is_no_choice_of_events(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        Broadcaster().stream(REQUEST, **given)


@pytest.mark.parametrize(
    ("bus", "shown"),
    [
        ("redis://:hush", "redis://:***"),  # the host was forgotten
        ("redis://:hush/1", "redis://:***"),
        ("redis://ada:hush", "redis://ada:***"),
        ("redis://:hush@host:port", "redis://***@host:***"),
        ("redis://:hu/sh@host", "redis://***@host"),
        ("redis://:hu@sh@host:70000/1", "redis://***@host:70000/1"),
        ("redis://host:70000?password=hush&db=1", "redis://host:70000?***"),
        ("redis://host:port?PASSWORD=hu@sh", "redis://host:***?***"),
        ("redis://:123456", "redis://:***"),
        ("redis://ada:123456", "redis://ada:***"),
        ("valkey://ada:hush@host", "valkey://***@host"),
        ("ada:hush@host", "***@host"),
        ("redis:/:hush", "redis:***"),
    ],
)
def test_a_bus_that_is_refused_is_named_without_its_password(bus: str, shown: str) -> None:
    with pytest.raises(ValueError, match=r"^bus ") as refused:
        Broadcaster(bus=bus)
    assert str(refused.value).endswith(f"not {shown!r}")


@pytest.mark.parametrize("url", ["redis://:hush@host:6379/0", "rediss://host", "unix:///run/redis.sock?db=1"])
def test_a_bus_of_redis_that_is_well_formed_is_taken(url: str) -> None:
    RedisBus(url, "news", (1, 1, 1.0))


@pytest.mark.parametrize("wrong", [5, None, Broadcaster])
def test_a_route_of_what_is_no_broadcaster_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^broadcaster must be Broadcaster"):
        sse_route(wrong)
