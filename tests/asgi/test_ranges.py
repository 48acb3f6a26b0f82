"""Ranges and the conditions that go with them (RFC 9110, sections 13 and 14)."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi.memory import request
from wesktop.asgi import FileResponse, Router, create_app
from wesktop.asgi.http.ranges import Unsatisfiable, parse_range
from wesktop.asgi.types import ASGIApp

DATA = bytes(range(200))


@pytest.fixture(params=["file", "static"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> ASGIApp:
    """The same file by a FileResponse, and in memory as a static one."""
    (tmp_path / "data.bin").write_bytes(DATA)
    if request.param == "file":
        return FileResponse(tmp_path / "data.bin")
    return create_app(Router(), static_dir=tmp_path, static_path="/")


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 200),
        ("bytes=199-", 199, 200),
        ("bytes=-1", 199, 200),
        ("bytes=-200", 0, 200),
        ("bytes=-9999", 0, 200),
        ("bytes=10-9999", 10, 200),
        ("Bytes=1-2", 1, 3),
        ("bytes= 1-2 ", 1, 3),
        ("bytes=0-" + "9" * 4000, 0, 200),
        ("bytes=-" + "9" * 4000, 0, 200),
    ],
)
def test_one_range_is_sent_as_its_part(app: ASGIApp, header: str, start: int, stop: int) -> None:
    answer = request(app, "GET", "/data.bin", [("range", header)])
    assert (answer.status, answer.body) == (206, DATA[start:stop])
    assert answer.header("content-range") == f"bytes {start}-{stop - 1}/200"
    assert answer.header("content-length") == str(stop - start)
    assert answer.header("content-type") == "application/octet-stream"
    assert answer.header("etag")


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-1,5-6",
        "bytes=0-,0-,0-",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=a-b",
        "bytes=0-1-2",
        "items=0-1",
        "bytes 0-1",
        "0-1",
        "bytes=0x0-1",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=\u0660-\u0661",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_several_ranges_or_a_malformed_one_are_answered_with_the_whole(app: ASGIApp, header: str) -> None:
    headers = [("range", header)] if header.isascii() else [("range", header.encode().decode("latin-1"))]
    answer = request(app, "GET", "/data.bin", headers)
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.header("accept-ranges") == "bytes"


@pytest.mark.parametrize("header", ["bytes=200-", "bytes=200-300", "bytes=-0", "bytes=" + "9" * 4000 + "-"])
def test_a_range_of_nothing_is_416_with_the_size(app: ASGIApp, header: str) -> None:
    answer = request(app, "GET", "/data.bin", [("range", header)])
    assert (answer.status, answer.body, answer.header("content-range")) == (416, b"", "bytes */200")


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_an_empty_file_has_no_range(tmp_path: Path, header: str) -> None:
    (tmp_path / "empty").touch()
    assert request(FileResponse(tmp_path / "empty"), headers=[("range", header)]).status == 416


def test_head_and_two_range_headers_have_no_range(app: ASGIApp) -> None:
    assert request(app, "HEAD", "/data.bin", [("range", "bytes=0-1")]).status == 200
    assert request(app, "GET", "/data.bin", [("range", "bytes=0-1"), ("range", "bytes=2-3")]).status == 200


def test_if_range_sends_the_part_of_this_very_version_alone(app: ASGIApp) -> None:
    first = request(app, "GET", "/data.bin")
    etag, modified = first.header("etag") or "", first.header("last-modified") or ""
    part = ("range", "bytes=0-1")
    for condition in (etag, modified):
        assert request(app, "GET", "/data.bin", [part, ("if-range", condition)]).status == 206
    for condition in (f"W/{etag}", '"other"', "Thu, 01 Jan 2037 00:00:00 GMT", "", "x"):
        answer = request(app, "GET", "/data.bin", [part, ("if-range", condition)])
        assert (answer.status, answer.body) == (200, DATA), condition


def test_a_client_that_has_it_gets_neither_part_nor_whole(app: ASGIApp) -> None:
    etag = request(app, "GET", "/data.bin").header("etag") or ""
    answer = request(app, "GET", "/data.bin", [("range", "bytes=0-1"), ("if-none-match", etag)])
    assert (answer.status, answer.body) == (304, b"")


def test_a_download_can_be_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA)
    response = FileResponse(path, download_name="a.bin")
    whole = request(response)
    rest = request(response, headers=[("range", "bytes=50-"), ("if-range", whole.header("etag") or "")])
    assert whole.body[:50] + rest.body == DATA
    path.write_bytes(DATA[::-1])
    os.utime(path, (time.time() + 5, time.time() + 5))
    changed = request(response, headers=[("range", "bytes=50-"), ("if-range", whole.header("etag") or "")])
    assert (changed.status, changed.body) == (200, DATA[::-1])


@given(st.text(max_size=30) | st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True), st.integers(0, 5000))
def test_whatever_is_asked_for_lies_within_the_file(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    if found is not None:
        start, stop = found
        assert 0 <= start < stop <= size
