"""What the supervisor tells the windows that are attached, and which of them: real control connections."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import cast

import pytest

from support.leases import Asker, Lease, ask
from support.running import NAME, Running, Start
from support.session import own_address
from support.waiting import wait_for
from wesktopd.control.server_connection import ClientConnection
from wesktopd.control.windows import KEPT_FOR, OPENS_WITHIN, Windows
from wesktopd.wire.control_messages import MAX_FRAME, Answer, Done

MAX_KEPT = 16


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


def test_a_launch_is_raised_to_the_window_in_front(app: Running, attach: type) -> None:
    one, two = attach(), attach()
    assert ask(app, type="launch", arguments=["ä", "--b"], directory="/x")["type"] == "done"
    assert two.next()["type"] == "raise"
    assert two.next() == {"type": "launched", "id": 0, "arguments": ["ä", "--b"], "directory": "/x"}
    one.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        one.sock.recv(1)


def test_a_launch_that_a_window_tells_of_is_its_own(app: Running, attach: type) -> None:
    one, two = attach(), attach()
    one.send(type="launch", arguments=["a"], directory="/x")
    two.send(type="focused")
    assert [one.next()["type"] for _ in range(3)] == ["raise", "launched", "done"]
    assert two.next()["type"] == "done"
    two.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        two.sock.recv(1)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            {"type": "launch", "directory": "/x", "arguments": ["x" * (MAX_FRAME - 70)]},
            "arguments",
        ),
        (
            {"type": "ask", "question": {"kind": "notice", "title": "x" * (MAX_FRAME - 80)}},
            "question",
        ),
    ],
)
def test_what_would_not_fit_a_windows_event_is_refused_and_the_window_stays(
    app: Running, attach: type, message: dict[str, object], said: str
) -> None:
    window = attach()
    answer = ask(app, **message)
    assert (answer["type"], answer["error"]) == ("failed", "ConfigurationError")
    assert said in str(answer["message"])
    assert "64,512" in str(answer["message"])
    assert window.ask(type="focused")["type"] == "done"


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
        assert link == f"{own_address(app.home, NAME, app.url)}/a?b=c#d"
    lease.close()


@pytest.mark.parametrize("path", ["//evil.example/", "", "a", "/\n"])
def test_a_lease_whose_path_leads_elsewhere_is_refused(app: Running, path: str) -> None:
    lease = Lease(app, "window", path=path)
    assert (lease.first["type"], lease.first["error"]) == ("failed", "ConfigurationError")
    assert app.status()["windows"] == 0
    lease.close()


CONFIRM = {"kind": "confirm", "title": "Sure?"}


@pytest.fixture
def asker(app: Running) -> Iterator[Asker]:
    """Somebody who asks."""
    made = Asker(app)
    yield made
    made.close()


def asked(window: Lease) -> int:
    """The number of the question that a window is asked, which comes to the front for it."""
    assert window.next()["type"] == "raise"
    event = window.next()
    assert event["type"] == "asked"
    number = event["number"]
    assert isinstance(number, int)
    return number


def test_the_window_in_front_is_asked_and_its_answer_comes_back(app: Running, attach: type, asker: Asker) -> None:
    _, window = attach(), attach()
    asker.send(type="ask", id=9, question={"kind": "open", "title": "ä", "types": [{"name": "A", "patterns": ["*"]}]})
    assert window.next()["type"] == "raise"
    event = window.next()
    assert event["question"] == {
        "kind": "open", "title": "ä", "several": False, "directory": "", "types": [{"name": "A", "patterns": ["*"]}],
    }  # fmt: skip
    number = event["number"]
    window.send(type="reply", number=number, paths=["/a"], accepted=True, more=True)
    window.send(type="reply", number=number, paths=["/b"], accepted=True)
    answers = [asker.next(), asker.next()]
    assert [(answer["id"], answer["paths"], answer["more"]) for answer in answers] == [
        (9, ["/a"], True),
        (9, ["/b"], False),
    ]


def test_a_notification_needs_no_window_in_front_and_goes_beside_a_dialog(
    app: Running, attach: type, asker: Asker
) -> None:
    window = attach()
    asker.send(type="ask", id=1, question=CONFIRM)
    first = asked(window)
    asker.send(type="ask", id=2, question={"kind": "notice", "title": "a"})
    event = window.next()
    assert event["type"] == "asked"
    window.send(type="reply", number=event["number"], error="no service.")
    answer = asker.next()
    assert (answer["id"], answer["error"], answer["message"]) == (2, "WindowError", "no service.")
    window.send(type="reply", number=first, accepted=True)
    assert asker.next()["accepted"] is True


@pytest.mark.parametrize("number", [0, 99, -1])
def test_an_answer_to_nothing_is_let_pass(app: Running, attach: type, asker: Asker, number: int) -> None:
    window = attach()
    asker.send(type="ask", question=CONFIRM)
    asked(window)
    assert window.ask(type="reply", number=number, accepted=True)["type"] == "done"
    assert app.status()["windows"] == 1


def test_only_the_window_that_was_asked_can_answer(app: Running, attach: type, asker: Asker) -> None:
    other, window = attach(), attach()
    asker.send(type="ask", question=CONFIRM)
    number = asked(window)
    assert other.ask(type="reply", number=number, accepted=True)["type"] == "done"
    assert asker.ask(type="reply", number=number, accepted=True)["type"] == "done", "not an answer"
    window.send(type="reply", number=number, accepted=False)
    assert asker.next()["accepted"] is False


def test_when_the_asker_goes_the_question_is_withdrawn_and_the_window_is_free(
    app: Running, attach: type, asker: Asker
) -> None:
    window, first = attach(), Asker(app)
    first.send(type="ask", question=CONFIRM)
    number = asked(window)
    first.close()
    assert window.next() == {"type": "withdrawn", "id": 0, "number": number}
    asker.send(type="ask", question=CONFIRM)
    assert asker.next()["error"] == "DialogOpenError", "it is not closed yet"
    assert window.ask(type="reply", number=number)["type"] == "done"
    asker.send(type="ask", question=CONFIRM)
    assert asked(window) > number


def test_when_the_window_goes_the_asker_is_raised(app: Running, attach: type, asker: Asker) -> None:
    window = attach()
    asker.send(type="ask", id=4, question=CONFIRM)
    asked(window)
    window.close()
    answer = asker.next()
    assert (answer["id"], answer["error"]) == (4, "NoWindowError")


@pytest.mark.parametrize(
    "question", [None, {}, {"kind": "explode"}, {"kind": "open", "types": [3]}, {"kind": "confirm", "text": 1}]
)
def test_what_is_no_question_is_refused(app: Running, attach: type, asker: Asker, question: object) -> None:
    attach()
    answer = asker.ask(type="ask", question=question)
    assert (answer["type"], answer["error"]) == ("failed", "ControlError")


def test_an_upgrade_keeps_the_order_and_the_paths_of_the_windows(app: Running, attach: type) -> None:
    one, two = attach(path="/one"), attach(path="/two")
    assert one.ask(type="focused")["type"] == "done"
    app.ctl("upgrade")
    assert [window.next()["type"] for window in (one, two)] == ["ready", "ready"]
    ask(app, type="focus")
    assert one.next()["type"] == "raise"
    app.ctl("restart")
    address = own_address(app.home, NAME, app.url)
    assert one.next()["link"] == f"{address}/one"
    assert two.next()["link"] == f"{address}/two"


def test_an_upgrade_forgets_who_has_asked_and_has_the_dialog_closed(app: Running, attach: type, asker: Asker) -> None:
    window, later = attach(), attach()
    asker.send(type="ask", question={"kind": "notice", "title": "a"})
    assert later.next()["type"] == "asked"
    asker.send(type="ask", question=CONFIRM)
    number = asked(later)
    app.ctl("upgrade")
    assert asker.next()["type"] == "gone"
    assert later.next() == {"type": "withdrawn", "id": 0, "number": number}
    assert [each.next()["type"] for each in (later, window)] == ["ready", "ready"]
    assert ask(app, type="ask", question=CONFIRM)["error"] == "DialogOpenError", "it is not closed yet"
    assert later.ask(type="reply", number=number)["type"] == "done"
    assert window.ask(type="focused")["type"] == "done", "it has asked nothing, and hears of nothing"


def test_an_answer_is_none_to_what_is_asked_after_an_upgrade(app: Running, attach: type, asker: Asker) -> None:
    window = attach()
    asker.send(type="ask", question=CONFIRM)
    number = asked(window)
    app.ctl("upgrade")
    assert [window.next()["type"] for _ in range(2)] == ["withdrawn", "ready"]
    assert window.ask(type="reply", number=number)["type"] == "done"
    other = Asker(app)
    other.send(type="ask", question={**CONFIRM, "title": "Delete all?"})
    second = asked(window)
    assert window.ask(type="reply", number=number, accepted=True)["type"] == "done"
    window.send(type="reply", number=second, accepted=False)
    assert other.next()["accepted"] is False
    other.close()


def test_no_number_is_used_again_by_a_server_that_is_started_again(start_app: Start) -> None:
    numbers = []
    for _ in range(2):
        app = start_app()
        window, asker = Lease(app, "window"), Asker(app)
        asker.send(type="ask", question=CONFIRM)
        numbers.append(asked(window))
        app.ctl("stop")
        app.nothing_left()
        window.close()
        asker.close()
    assert numbers[0] != numbers[1]
    assert max(numbers) < 2**53, "others read it exactly"


class Opener:
    """A connection of who is about to open a window, and then of that window."""

    lease = "caller"

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.told: list[Answer] = []

    def send_event(self, event: Answer) -> None:
        """Tell it something."""
        self.told.append(event)


@pytest.mark.parametrize("noticed", [True, False])
def test_a_window_that_a_standstill_interrupts_is_still_waited_for_and_gets_what_was_kept_for_it(
    monkeypatch: pytest.MonkeyPatch, noticed: bool
) -> None:
    opener = Opener()
    windows = Windows(lambda: [cast(ClientConnection, opener)])
    windows.show(Done)
    before = time.monotonic()
    after = before + 10 * max(OPENS_WITHIN, KEPT_FOR)
    monkeypatch.setattr(time, "monotonic", lambda: after)
    if noticed:
        windows.stood_still(before, after)
    assert (windows.awaited_for(before) > 0) is noticed
    windows.attached(cast(ClientConnection, opener))
    assert opener.told == [Done()] * noticed
