"""Parses the times of `--since`. Reads no clock."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_AGO = re.compile(r"(?P<amount>[0-9]{1,9}(\.[0-9]{1,9})?)(?P<unit>[smhd])")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")


def parse_since(text: str, now: float) -> float:
    """Return seconds since the epoch for "30s", "10m", "2h", "1d" ago, a time of day, or an ISO 8601 date and time.

    A time of day is the most recent one. Times without a zone are local. Raises ValueError for anything else.
    """
    if ago := _AGO.fullmatch(text):
        return now - float(ago["amount"]) * SECONDS[ago["unit"]]
    try:
        return _last(text, now) if _CLOCK.fullmatch(text) else _iso(text)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"time must be like 10m, 2h, 14:30 or 2026-01-31T14:30, not {text!r}.") from None


def _last(clock: str, now: float) -> float:
    from datetime import datetime, time, timedelta

    hour, minute, second = [*map(int, clock.split(":")), 0][:3]
    today = datetime.combine(datetime.fromtimestamp(now), time(hour, minute, second))
    moment = today.timestamp()
    # By the calendar: a day may have 23 or 25 hours.
    return moment if moment <= now else (today - timedelta(days=1)).timestamp()


def _iso(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
