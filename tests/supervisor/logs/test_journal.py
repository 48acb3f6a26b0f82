"""The journal: what processes print, kept in memory, bounded, and told to those who follow."""

import pytest

from wesktopd.logs.journal import FLOOD_BURST, FLOOD_RATE, LINE_COST, MAX_LINE, RING_BYTES, Flood, Journal
from wesktopd.logs.logfile import OWN, LogLine

PID = 7


def journal(*chunks: tuple[str, bytes], lines: int = 1000) -> Journal:
    made = Journal(None, lines)
    for stream, data in chunks:
        made.feed(PID, stream, data)
    return made


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize(
    ("chunks", "tail"),
    [
        ([], ""),
        ([("stdout", b"a\nb\n")], "a\nb"),
        ([("stdout", b"a\r\nb\r\n")], "a\nb"),
        ([("stdout", b"a"), ("stdout", b"b\nc")], "ab\nc"),
        ([("stdout", b"un"), ("stderr", b"err\n"), ("stdout", b"done\n")], "err\nundone"),
        ([("stdout", b"\xff\n")], "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_lines_come_whole_and_in_order(chunks: list[tuple[str, bytes]], tail: str) -> None:
    assert journal(*chunks).tail(100, 10_000, {PID}) == tail


def test_what_is_kept_is_bounded_in_lines_in_a_lines_length_and_in_bytes() -> None:
    many = journal(("stdout", b"".join(b"%d\n" % i for i in range(5000))), lines=10)
    assert texts(many.last(None, None)) == [str(i) for i in range(4990, 5000)]
    assert many.tail(2, 10_000, {PID}) == "4998\n4999"
    assert many.tail(100, 6, {PID}) == "8\n4999"
    assert len(journal(("stdout", b"x" * (MAX_LINE * 3) + b"\n")).last(1, None)[0].text) == MAX_LINE
    long = journal(("stdout", (b"x" * MAX_LINE + b"\n") * 200))
    assert sum(map(len, texts(long.last(None, None)))) <= RING_BYTES


def test_a_tail_is_of_the_processes_that_are_asked_for() -> None:
    both = journal(("stdout", b"mine\n"))
    both.feed(8, "stdout", b"another's\n")
    assert both.tail(10, 1000, {PID}) == "mine"


def test_lines_are_told_by_their_times() -> None:
    made = journal(("stdout", b"a\n"), ("stdout", b"b\n"), ("stdout", b"c\n"))
    times = [line.time for line in made.last(None, None)]
    assert times == sorted({*times})
    assert texts(made.last(None, times[1])) == ["b", "c"]
    assert texts(made.last(1, times[1])) == ["c"]
    assert made.last(0, None) == []


def test_who_follows_hears_of_every_further_line_until_it_ends() -> None:
    made, heard = journal(("stdout", b"before\n")), []
    stop = made.follow(lambda line: heard.append((line.stream, line.text)))
    made.feed(PID, "stderr", b"one\ntwo\n")
    made.say("ours")
    stop()
    made.say("after")
    assert heard == [("stderr", "one"), ("stderr", "two"), (OWN, "ours")]


def test_a_line_that_was_begun_is_kept_when_its_process_ends() -> None:
    made = journal(("stdout", b"begun"))
    assert made.last(None, None) == []
    made.ended(PID)
    assert texts(made.last(None, None)) == ["begun"]


def test_a_supervisor_that_takes_over_knows_what_was_printed_before() -> None:
    old = journal(("stdout", b"a\nb\n"))
    new = journal(("stdout", b"c\n"))
    new.restore(old.state())
    assert texts(new.last(None, None)) == ["a", "b", "c"]


def test_a_flood_is_dropped_and_counted() -> None:
    flood = Flood(0.0)
    lines = [b"x" * 1023] * (FLOOD_BURST // 1024 + 500)
    kept, dropped = flood.admit(lines, 0.0)
    assert (len(kept), dropped) == (FLOOD_BURST // 1024, 0)
    assert flood.admit([b"y"] * 10, 0.0) == ([], 0)
    assert flood.admit([b"z"], 1.0) == ([b"z"], 510)
    assert flood.admit([b"x" * 1023] * 2000, 1.0)[0] == [b"x" * 1023] * (FLOOD_RATE // 1024)


def test_empty_lines_are_a_flood_too() -> None:
    flood = Flood(0.0)
    kept, _ = flood.admit([b""] * 1_000_000, 0.0)
    assert len(kept) == FLOOD_BURST // LINE_COST + 1
    kept, dropped = flood.admit([b""] * 1_000_000, 2.0)
    assert len(kept) == 2 * FLOOD_RATE // LINE_COST
    assert dropped == 1_000_000 - FLOOD_BURST // LINE_COST - 1


def test_a_flood_that_goes_on_is_raised_of_once_a_second_at_most() -> None:
    flood = Flood(0.0)
    told = [flood.admit([b"x" * 999] * 1000, i / 100)[1] for i in range(1000)]
    assert 0 < len([count for count in told if count]) <= 10


def test_lines_that_were_dropped_last_are_told_of_although_nothing_more_is_printed() -> None:
    now, timers = 0.0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.monotonic", lambda: now)
        made = Journal(None, call_later=lambda seconds, look: timers.append((now + seconds, look)))
        made.feed(PID, "stdout", b"\n" * 100_000)
        made.feed(PID, "stdout", b"\n" * 100_000)
        while timers:
            now, look = timers.pop()
            look()
    told = made.last(1, None)[0]
    assert (told.stream, told.text.split(" lines")[0]) == (OWN, str(200_000 - FLOOD_BURST // LINE_COST - 1))
    assert now < 3


def test_short_lines_that_are_kept_are_not_taken_for_nothing() -> None:
    made = Journal(None, max_lines=1_000_000)
    made.feed(PID, "stdout", b"\n" * 20_000)
    assert len(made.last(None, None)) == RING_BYTES // LINE_COST


def test_a_line_of_our_own_can_always_be_sent() -> None:
    made = journal()
    made.say("a name \udcff\n" + "x" * 10_000)
    assert texts(made.last(None, None)) == ["a name \\udcff", "x" * MAX_LINE]


def test_a_flood_is_raised_of_in_the_log() -> None:
    made = Journal(None)
    made.feed(PID, "stdout", (b"x" * 999 + b"\n") * (2 * FLOOD_BURST // 1000))
    made.close(0.0)
    own = [line.text for line in made.last(None, None) if line.stream == OWN]
    assert own
    assert "lines were dropped" in own[-1]
