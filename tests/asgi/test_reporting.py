"""What an app logs of an exception: under any server, with nothing of a client's that passes for more."""

import logging

import pytest

from wesktop.asgi.reporting import log_exception, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/plain/äß", "/plain/äß"),
        ("/a\nb\r", r"/a\nb\r"),
        ("/\x1b]0;t\x07", r"/\x1b]0;t\x07"),
        ("/ä\x9b\u2028\u202e\ud800", r"/ä\x9b\u2028\u202e\ud800"),
    ],
)
def test_a_clients_text_stays_on_its_line(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_only_the_first_line_of_a_record_is_at_the_margin(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("bad\nFORGED\r\n\x1b[2J\u202e")
    except ValueError as error:
        log_exception("wesktop", error, "%s failed", "/a")
    (record,) = caplog.records
    first, *others = logging.Formatter("%(message)s").format(record).splitlines()
    assert first == "/a failed"
    assert others[0] == "  Traceback (most recent call last):"
    assert others[-3:] == ["  ValueError: bad", r"  FORGED\r", r"  \x1b[2J\u202e"]
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_a_logger_that_is_not_to_say_anything_does_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "wesktop")
    log_exception("wesktop", ValueError("x"), "failed")
    assert caplog.records == []
