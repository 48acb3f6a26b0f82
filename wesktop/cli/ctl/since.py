"""The moments that `--since` takes. No clock of its own."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_AGO = re.compile(r"(?P<amount>[0-9]{1,9}(\.[0-9]{1,9})?)(?P<unit>[smhd])")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")


def parse_since(text: str, now: float) -> float:
    """Seconds since the epoch for "30s", "10m", "2h", "1d" ago, a time of day, or a date and time of ISO 8601.

    A time of day is the last one that was; without a zone it is local time. Raises ValueError for anything else.
    """
    if ago := _AGO.fullmatch(text):
        return now - float(ago["amount"]) * SECONDS[ago["unit"]]
    try:
        return _last(text, now) if _CLOCK.fullmatch(text) else _iso(text)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time: give 10m, 2h, 14:30 or 2026-01-31T14:30.") from None


def _last(clock: str, now: float) -> float:
    from datetime import datetime, time, timedelta

    hour, minute, second = [*map(int, clock.split(":")), 0][:3]
    today = datetime.combine(datetime.fromtimestamp(now), time(hour, minute, second))
    moment = today.timestamp()
    # By the calendar, since a day of 23 or 25 hours may lie between.
    return moment if moment <= now else (today - timedelta(days=1)).timestamp()


def _iso(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
