"""The line reader that all protocols share: the same lines whatever pieces the bytes come in, at linear cost."""

from itertools import islice
from typing import SupportsIndex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wesktopd.wire.lines import LineReader, LineTooLongError

LIMIT = 8

streams = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"\0", b"{", b"\xff", b"ab", b"x" * LIMIT, b"y" * (LIMIT - 1)])
).map(b"".join)
places = st.lists(st.integers(min_value=0, max_value=100))


def pieces(stream: bytes, at: list[int]) -> list[bytes]:
    """The stream, split at these places; some pieces may be empty."""
    ends = [*sorted(min(place, len(stream)) for place in at), len(stream)]
    return [stream[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def read(reader: LineReader, chunks: list[bytes]) -> tuple[list[bytes], bool]:
    """The lines of these pieces up to the first that is refused, and whether one is."""
    found: list[bytes] = []
    try:
        for chunk in chunks:
            for line in reader.feed(chunk):
                found.append(line)
    except LineTooLongError:
        return found, True
    return found, False


@given(streams, places)
@example(b"ab\n" + b"x" * (LIMIT + 1) + b"\n", [])
@example(b"ab\n" + b"x" * (LIMIT + 1), [])
def test_any_pieces_give_the_lines_up_to_the_first_that_is_too_long(stream: bytes, at: list[int]) -> None:
    *whole, rest = stream.split(b"\n")
    too_long = next((i for i, line in enumerate([*whole, rest]) if len(line) > LIMIT), None)
    reader = LineReader(LIMIT)
    assert read(reader, pieces(stream, at)) == (whole[:too_long], too_long is not None)
    if too_long is None:
        assert reader.rest == rest


@given(streams, places)
def test_any_pieces_give_the_same_shortened_lines(stream: bytes, at: list[int]) -> None:
    *whole, rest = stream.split(b"\n")
    reader = LineReader(LIMIT, cut=True)
    assert read(reader, pieces(stream, at)) == ([line[:LIMIT] for line in whole], False)
    assert reader.rest == rest[:LIMIT]


@given(streams, places, st.integers(min_value=0, max_value=5))
def test_lines_that_were_not_taken_are_yielded_next_time(stream: bytes, at: list[int], taken: int) -> None:
    reader = LineReader(len(stream))
    found: list[bytes] = []
    for chunk in pieces(stream, at):
        found += islice(reader.feed(chunk), taken)
    assert [*found, *reader.feed()][: stream.count(b"\n")] == stream.split(b"\n")[:-1]


@given(streams, places, st.integers(min_value=0, max_value=100))
def test_another_reader_continues_with_the_rest(stream: bytes, at: list[int], handed_over: int) -> None:
    first, second = stream[:handed_over], stream[handed_over:]
    reader = LineReader(len(stream))
    begun, _ = read(reader, pieces(first, at))
    continued, _ = read(LineReader(len(stream), rest=reader.rest), [second])
    assert begun + continued == stream.split(b"\n")[:-1]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_of_exactly_the_limit_is_whole_and_one_byte_more_is_too_long(cut: bool, end: bytes) -> None:
    reader = LineReader(LIMIT, cut=cut)
    assert [*reader.feed(b"x" * LIMIT + b"\n")] == [b"x" * LIMIT]
    if cut:
        assert [*reader.feed(b"x" * (LIMIT + 1) + b"\n")] == [b"x" * LIMIT]
    else:
        with pytest.raises(LineTooLongError, match=f"longer than {LIMIT} bytes"):
            [*reader.feed(b"x" * (LIMIT + 1) + end)]


@pytest.mark.parametrize("cut", [False, True])
def test_a_line_without_an_end_takes_no_more_memory_than_the_limit(cut: bool) -> None:
    reader = LineReader(LIMIT, cut=cut)
    for _ in range(100):
        read(reader, [b"x" * 1000])
    assert len(reader._begun) == LIMIT + 1
    assert read(reader, [b"\nnext\n"])[1] is not cut


class Piece(bytes):
    """Bytes that count how many of them were searched."""

    searched = 0

    def split(self, sep: object = None, maxsplit: SupportsIndex = -1) -> list[bytes]:
        """See bytes."""
        Piece.searched += len(self)
        return super().split(sep, maxsplit)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    "stream", [b"x" * 100_000 + b"\n", b"\n" * 100_000, (b"x" * 9 + b"\n") * 10_000, b"x" * 100_000]
)
def test_each_byte_is_searched_once_however_small_the_pieces_are(stream: bytes, size: int) -> None:
    reader, Piece.searched = LineReader(len(stream)), 0
    lines, _ = read(reader, [Piece(stream[at : at + size]) for at in range(0, len(stream), size)])
    assert len(lines) == stream.count(b"\n")
    assert Piece.searched == len(stream)


def test_a_line_that_comes_in_many_pieces_is_extended_in_place() -> None:
    reader = LineReader(1_000_000)
    buffer = reader._begun
    assert [*reader.feed(b"x")] == []
    assert reader._begun is buffer
    for _ in range(999_999):  # each copied with all that came before it, they would be 500 GB
        reader.feed(b"x")
    assert reader._begun is buffer
    assert [*reader.feed(b"\n")] == [b"x" * 1_000_000]
