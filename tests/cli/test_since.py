"""What `--since` takes."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wesktop.cli.ctl.since import parse_since


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time as in Berlin, with its summer time."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC).timestamp()  # 14:00 in Berlin, on the day that has 23 hours


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30s", datetime(2026, 3, 29, 11, 59, 30, tzinfo=UTC)),
        ("10m", datetime(2026, 3, 29, 11, 50, tzinfo=UTC)),
        ("1.5h", datetime(2026, 3, 29, 10, 30, tzinfo=UTC)),
        ("1d", datetime(2026, 3, 28, 12, 0, tzinfo=UTC)),
        ("14:00", datetime(2026, 3, 29, 12, 0, tzinfo=UTC)),
        ("9:30", datetime(2026, 3, 29, 7, 30, tzinfo=UTC)),
        ("01:30", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("14:00:01", datetime(2026, 3, 28, 13, 0, 1, tzinfo=UTC)),
        ("2026-03-28", datetime(2026, 3, 27, 23, 0, tzinfo=UTC)),
        ("2026-03-28T10:00", datetime(2026, 3, 28, 9, 0, tzinfo=UTC)),
        ("2026-03-28 10:00:00.500", datetime(2026, 3, 28, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-28T10:00Z", datetime(2026, 3, 28, 10, 0, tzinfo=UTC)),
        ("2026-03-28T10:00+05:30", datetime(2026, 3, 28, 4, 30, tzinfo=UTC)),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_a_time_is_understood(text: str, moment: datetime) -> None:
    assert parse_since(text, NOW) == moment.timestamp()


NO_TIMES = """10 m -5m 1e9h inf nan 25:00 12:60 2026-13-01 yesterday 99999999999d"""


@pytest.mark.parametrize("text", ["", "5 m", "\u0661\u0662m", *NO_TIMES.split()])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="time must be"):
        parse_since(text, NOW)


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_since(text, NOW), float)
