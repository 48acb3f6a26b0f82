import os
import time
from pathlib import Path

import pytest

from asgi.memory import http_scope
from wesktop.asgi.http.conditional import entity_tag, http_date, is_current

ETAG = '"abc-1"'
MODIFIED = 784111777.9  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951782400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4102444799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ],
)
def test_http_date_is_an_imf_fixdate(timestamp: float, text: str) -> None:
    assert http_date(timestamp) == text


@pytest.mark.parametrize(
    ("headers", "current"),
    [
        ([], False),
        ([("if-none-match", ETAG)], True),
        ([("if-none-match", "W/" + ETAG)], True),
        ([("if-none-match", f'"x" , {ETAG}')], True),
        ([("if-none-match", '"x"'), ("if-none-match", ETAG)], True),
        ([("if-none-match", "*")], True),
        ([("if-none-match", '"x"')], False),
        ([("if-none-match", "")], False),
        ([("if-none-match", "abc-1")], False),
        ([("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], True),
        ([("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")], True),
        ([("if-modified-since", "Sun Nov  6 08:49:37 1994")], True),
        ([("if-modified-since", "Sun, 06 Nov 1994 08:49:38 GMT")], True),
        ([("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")], False),
        ([("if-modified-since", "yesterday")], False),
        ([("if-modified-since", "")], False),
        ([("if-modified-since", "Sun, 06 Nov 99999999 08:49:37 GMT")], False),
        ([("if-modified-since", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT")], False),
        ([("if-modified-since", "Sun, 99 Foo 99999 99:99:99 GMT")], False),
        ([("if-none-match", '"x"'), ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], False),
        ([("if-none-match", ETAG), ("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")], True),
    ],
)
def test_conditions_are_evaluated_by_rfc_9110(headers: list[tuple[str, str]], current: bool) -> None:
    assert is_current(http_scope(headers=headers), ETAG, MODIFIED) is current


def test_etag_changes_with_size_and_with_nanoseconds(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"1")
    now = time.time_ns()
    tags = set()
    for content, moment in [(b"1", now), (b"2", now + 100_000_000), (b"12", now)]:
        file.write_bytes(content)
        os.utime(file, ns=(moment, moment))
        tags.add(entity_tag(file.stat()))
    assert len(tags) == 3
