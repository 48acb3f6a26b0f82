import asyncio
import os
import subprocess
import sys
import threading
from io import FileIO
from pathlib import Path
from urllib.parse import unquote

import pytest

from asgi.memory import fetch, http_scope, request
from wesktop.asgi import FileResponse
from wesktop.asgi.files import file_response as files
from wesktop.asgi.files import reading
from wesktop.asgi.files.file_response import content_disposition
from wesktop.asgi.files.reading import CHUNK_SIZE
from wesktop.asgi.http.content_types import BY_SUFFIX, content_type_of
from wesktop.asgi.types import Message


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>hello")
    return path


def test_file_is_sent_with_type_length_and_validators(file: Path) -> None:
    answer = request(FileResponse(file, headers={"X-A": "1"}))
    assert (answer.status, answer.body, answer.header("x-a")) == (200, b"<p>hello", "1")
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("content-length") == "8"
    assert (answer.header("last-modified") or "").endswith(" GMT")
    assert (answer.header("etag") or "").startswith('"')
    assert answer.header("content-disposition") is None


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_file_of_any_size_arrives_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(os.urandom(size))
    answer = request(FileResponse(path))
    assert answer.body == path.read_bytes()
    assert all(len(chunk) <= CHUNK_SIZE for chunk in answer.chunks)


def test_what_was_opened_is_sent_though_the_path_leads_elsewhere_by_then(file: Path) -> None:
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        async def exchange(message):  # type: ignore[no-untyped-def]
            file.unlink(missing_ok=True)
            file.write_bytes(b"another file")
            await send(message)

        await FileResponse(file)(scope, receive, exchange)

    answer = request(app, extensions={"http.response.pathsend": {}})
    assert (answer.header("content-length"), answer.body) == ("8", b"<p>hello")


def test_head_has_the_headers_of_get_and_no_body(file: Path) -> None:
    head = request(FileResponse(file), "HEAD")
    assert head.raw_headers == request(FileResponse(file)).raw_headers
    assert head.body == b""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_client_with_the_current_version_gets_304(file: Path, method: str) -> None:
    response = FileResponse(file, headers={"Cache-Control": "no-cache"})
    first = request(response)
    etag = first.header("etag") or ""
    answer = request(response, method, "/", [("if-none-match", etag)])
    assert (answer.status, answer.header("etag")) == (304, etag)
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("content-length") is None
    file.write_bytes(b"changed")
    assert request(response, method, "/", [("if-none-match", etag)]).status == 200


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("GET", 404)])
def test_other_methods_and_statuses_are_never_304(file: Path, method: str, status: int) -> None:
    response = FileResponse(file, status=status)
    answer = request(response, method, "/", [("if-none-match", "*")])
    assert (answer.status, answer.body) == (status, b"<p>hello")


def test_what_is_not_a_readable_regular_file_is_404(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("fifo")
    wrong = ["missing", "fifo", "link", "loop", ".", "file/below", "a\0b", "\udcff\udfff", "x" * 300, "/dev/zero"]
    for name in wrong:
        answer = request(FileResponse(tmp_path / name))
        assert (answer.status, answer.json) == (404, {"error": "not found"}), name


@pytest.mark.parametrize("in_cache", [0, reading._IN_CACHE])
@pytest.mark.parametrize("header", ["bytes=0-", "bytes=1-700000", "bytes=262143-262144"])
def test_what_is_read_in_a_thread_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_cache: int, header: str
) -> None:
    monkeypatch.setattr(reading, "_IN_CACHE", in_cache)
    path = tmp_path / "data.bin"
    path.write_bytes(os.urandom(3 * CHUNK_SIZE + 1))
    start, _, last = header.removeprefix("bytes=").partition("-")
    answer = request(FileResponse(path), headers=[("range", header)])
    assert answer.body == path.read_bytes()[int(start) : int(last) + 1 if last else None]


def test_file_that_shrinks_while_it_is_sent_breaks_the_response_off(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(2 * CHUNK_SIZE))

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        async def shrink(message):  # type: ignore[no-untyped-def]
            os.truncate(path, CHUNK_SIZE)
            await send(message)

        await FileResponse(path)(scope, receive, shrink)

    with pytest.raises(RuntimeError, match="became shorter"):
        request(app)


def test_a_range_whose_client_goes_is_read_no_further(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(100 * CHUNK_SIZE))

    async def scenario() -> int:
        gone, sent = asyncio.Event(), list[Message]()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if len(sent) == 3:
                gone.set()

        scope = http_scope(headers=[("range", "bytes=1-")])
        await asyncio.wait_for(FileResponse(path)(scope, receive, send), 20)
        return len(sent)

    assert asyncio.run(scenario()) < 10


def test_a_file_is_closed_after_the_read_that_a_cancelled_request_has_begun(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, closed = threading.Event(), threading.Event(), list[bool]()

    class Slow(FileIO):
        def read(self, size: int | None = -1) -> bytes:
            begun.set()
            assert goes_on.wait(20)
            closed.append(self.closed)
            return super().read(size)

    monkeypatch.setattr(reading, "_IN_CACHE", 0)  # as on systems that cannot say what is in memory
    monkeypatch.setattr(files, "open_file", Slow)

    async def scenario() -> None:
        running = asyncio.ensure_future(fetch(FileResponse(file)))
        await asyncio.to_thread(begun.wait, 20)
        running.cancel()
        for _ in range(10):  # turns of the loop, in which the request could end
            await asyncio.sleep(0)
        goes_on.set()
        await asyncio.wait([running])
        assert running.cancelled()

    asyncio.run(scenario())
    assert closed == [False]


def test_running_out_of_descriptors_is_not_taken_for_a_missing_file(file: Path) -> None:
    program = """
import errno, resource, sys
from pathlib import Path
from wesktop.asgi.files.opening import open_file
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
try:
    open_file(Path(sys.argv[1]))
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    result = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=True)
    assert result.stdout == "EMFILE\n"


@pytest.mark.parametrize("status", [204, 304, 100])
def test_status_without_content_is_refused(file: Path, status: int) -> None:
    with pytest.raises(ValueError, match="no content"):
        FileResponse(file, status=status)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("a b.txt", 'attachment; filename="a b.txt"'),
        ("Größe.txt", "attachment; filename=\"Gr__e.txt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt"),
        ('a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"),
        ("a\r\nX: y", "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("../a", "attachment; filename=\".._a\"; filename*=UTF-8''..%2Fa"),
    ],
)
def test_download_name_is_encoded_by_rfc_6266(file: Path, name: str, value: str) -> None:
    assert content_disposition(name) == value
    assert request(FileResponse(file, download_name=name)).header("content-disposition") == value
    assert unquote(value.rpartition("''")[2]) in (name, value)


def test_empty_download_name_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="download_name is empty"):
        FileResponse(file, download_name="")


def test_content_type_is_what_was_given(file: Path) -> None:
    answer = request(FileResponse(file, content_type="application/x-own"))
    assert answer.header("content-type") == "application/x-own"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.js", "text/javascript"),
        ("a.mjs", "text/javascript"),
        ("A.CSS", "text/css"),
        ("a.min.css", "text/css"),
        ("a.wasm", "application/wasm"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.woff2", "font/woff2"),
        ("a", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
        ("js", "application/octet-stream"),
    ],
)
def test_content_type_is_found_by_the_suffix(name: str, content_type: str) -> None:
    assert content_type_of(name) == content_type


def test_table_of_content_types_is_in_order_and_in_lower_case() -> None:
    assert list(BY_SUFFIX) == sorted(suffix.lower() for suffix in BY_SUFFIX)
