"""Static files: compressed variants, what is kept in memory, lifetimes, dotfiles."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi.memory import Answer, request
from wesktop.asgi import FileResponse, Router, create_app
from wesktop.asgi.files.static import ENTRY_SIZE, MAX_CACHED_FILE, StaticFiles
from wesktop.asgi.http.codings import choose
from wesktop.asgi.types import ASGIApp

SCOPE: dict[str, Any] = {"type": "http", "method": "GET", "headers": []}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app.js").write_text("plain")
    for suffix in ("br", "zst", "gz"):
        (tmp_path / f"app.js.{suffix}").write_text(suffix)
    return tmp_path


@pytest.fixture
def app(root: Path) -> ASGIApp:
    return create_app(Router(), static_dir=root)


def get(app: ASGIApp, path: str, *headers: tuple[str, str], method: str = "GET", **scope: Any) -> Answer:
    return request(app, method, f"/assets/{path}", headers, **scope)


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", "br"),
        ("gzip, zstd", "zstd", "zst"),
        ("gzip", "gzip", "gz"),
        ("x-gzip", "gzip", "gz"),
        ("br;q=0.5, gzip;q=0.8", "gzip", "gz"),
        ("br;q=0, *", "zstd", "zst"),
        ("*", "br", "br"),
        ("*;q=0.1", "br", "br"),
        ("identity", None, "plain"),
        ("", None, "plain"),
        ("br;q=0", None, "plain"),
        ("br;q=x", None, "plain"),
        ("deflate", None, "plain"),
        ("gzip;q=0.5, identity", None, "plain"),
        ("BR", "br", "br"),
    ],
)
def test_the_variant_is_sent_that_the_client_takes(
    app: ASGIApp, accepted: str, coding: str | None, body: str
) -> None:
    answer = get(app, "app.js", ("accept-encoding", accepted))
    assert (answer.text, answer.header("content-encoding")) == (body, coding)
    assert answer.header("content-type") == "text/javascript; charset=utf-8"
    assert answer.header("vary") == "accept-encoding"
    head = get(app, "app.js", ("accept-encoding", accepted), method="HEAD")
    assert head.raw_headers == answer.raw_headers


def test_each_variant_has_a_tag_of_its_own(app: ASGIApp) -> None:
    tags = {coding: get(app, "app.js", ("accept-encoding", coding)).header("etag") for coding in ("br", "gzip", "")}
    assert len(set(tags.values())) == 3
    for coding, tag in tags.items():
        answer = get(app, "app.js", ("accept-encoding", coding), ("if-none-match", tag or ""))
        assert (answer.status, answer.header("vary")) == (304, "accept-encoding")
    assert get(app, "app.js", ("accept-encoding", "br"), ("if-none-match", tags[""] or "")).status == 200


def test_a_range_is_of_the_plain_file(app: ASGIApp) -> None:
    answer = get(app, "app.js", ("accept-encoding", "br"), ("range", "bytes=0-1"))
    assert (answer.status, answer.text, answer.header("content-encoding")) == (206, "pl", None)


def test_a_variant_that_is_older_than_the_file_is_not_sent(root: Path) -> None:
    (root / "app.js").write_text("newer")
    os.utime(root / "app.js", (2_000_000_000, 2_000_000_000))
    answer = get(create_app(Router(), static_dir=root), "app.js", ("accept-encoding", "br"))
    assert (answer.text, answer.header("vary")) == ("newer", None)


def test_a_variant_may_not_lead_out_of_the_directory(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("outside") / "secret"
    secret.write_text("secret")
    (root / "app.js.br").unlink()
    (root / "app.js.br").symlink_to(secret)
    assert get(create_app(Router(), static_dir=root), "app.js", ("accept-encoding", "br")).text == "plain"


def test_a_compressed_file_can_be_asked_for_itself(app: ASGIApp) -> None:
    answer = get(app, "app.js.gz", ("accept-encoding", "gzip"))
    assert (answer.text, answer.header("content-encoding")) == ("gz", None)


@given(st.text(max_size=40), st.lists(st.sampled_from(["br", "zstd", "gzip"]), unique=True))
def test_whatever_the_client_says_it_takes_a_variant_that_exists(header: str, available: list[str]) -> None:
    assert choose(header, available) in ("", *available)


@pytest.mark.parametrize("size", [10, MAX_CACHED_FILE, MAX_CACHED_FILE + 1])
def test_a_small_file_is_sent_from_memory_and_a_large_one_from_the_disk(tmp_path: Path, size: int) -> None:
    (tmp_path / "f.bin").write_bytes(bytes(size))
    files = StaticFiles(tmp_path, "/")
    for _ in range(2):
        response = files.answer(SCOPE, "/f.bin")
        assert isinstance(response, FileResponse) is (size > MAX_CACHED_FILE)
        answer = get(create_app(Router(), static_dir=tmp_path), "f.bin")
        assert (answer.header("content-length"), answer.header("cache-control")) == (str(size), "no-cache")


def test_a_file_is_what_it_is_now(tmp_path: Path) -> None:
    app = create_app(Router(), static_dir=tmp_path)
    path = tmp_path / "a.txt"
    assert get(app, "a.txt").status == 404
    path.write_text("one")
    assert get(app, "a.txt").text == "one"
    path.write_text("three")
    assert get(app, "a.txt").text == "three"
    (tmp_path / "b.txt").write_text("other")
    (tmp_path / "b.txt").replace(path)
    assert get(app, "a.txt").text == "other"
    path.unlink()
    assert get(app, "a.txt").status == 404


def test_a_file_that_becomes_a_link_to_elsewhere_is_served_no_more(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = create_app(Router(), static_dir=tmp_path)
    secret = tmp_path_factory.mktemp("outside") / "a.txt"
    secret.write_text("abc")
    path = tmp_path / "a.txt"
    path.write_text("abc")
    assert get(app, "a.txt").text == "abc"
    path.unlink()
    path.symlink_to(secret)
    assert get(app, "a.txt").status == 404


def test_what_is_in_memory_is_bounded(tmp_path: Path) -> None:
    files = StaticFiles(tmp_path, "/", cache_size=2 * (100 + ENTRY_SIZE) + 50)
    for number in range(5):
        (tmp_path / f"{number}.bin").write_bytes(bytes(100))
        assert files.answer(SCOPE, f"/{number}.bin")
    assert list(files._cache._files) == ["/3.bin", "/4.bin"]
    assert files._cache._size == 2 * (100 + ENTRY_SIZE)


def test_nothing_is_kept_where_nothing_is_to_be(tmp_path: Path) -> None:
    files = StaticFiles(tmp_path, "/", cache_size=0)
    (tmp_path / "a.bin").write_bytes(b"a")
    assert files.answer(SCOPE, "/a.bin")
    assert files._cache._files == {}


@pytest.mark.parametrize(
    ("name", "immutable"),
    [
        ("main.3f2a9c1d.js", True),
        ("index-BfZ3x9aQ.js", True),
        ("style.0123456789ab.css", True),
        ("a-1a2b3c4d.svg", True),
        ("app.js", False),
        ("jquery-3.7.1.min.js", False),
        ("report-20240101.pdf", False),
        ("my-document.html", False),
        ("guide-Section2.pdf", False),
        ("x-Windows7.png", False),
        ("my-Document.html", False),
        ("facade-deadbeef.css", False),
        ("photo.12345678.jpg", False),
        ("x-ABCDEFGH.js", False),
    ],
)
def test_a_name_with_a_hash_is_kept_for_ever_and_any_other_looked_at_again(
    tmp_path: Path, name: str, immutable: bool
) -> None:
    (tmp_path / name).write_text("x")
    cache_control = get(create_app(Router(), static_dir=tmp_path), name).header("cache-control")
    assert cache_control == ("max-age=31536000, immutable" if immutable else "no-cache")


def test_dotfiles_are_served_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".well-known").mkdir()
    (tmp_path / ".well-known" / "a.txt").write_text("known")
    assert get(create_app(Router(), static_dir=tmp_path), ".well-known/a.txt").status == 404
    app = create_app(Router(), static_dir=tmp_path, static_dotfiles=True)
    assert get(app, ".well-known/a.txt").text == "known"
    for path in ("../x", "./.well-known/a.txt", ".", ".."):
        assert get(app, path).status == 404


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/app/route", [("sec-fetch-dest", "document")], 200),
        ("/app/file.js", [("sec-fetch-dest", "document")], 200),
        ("/app/frame", [("sec-fetch-dest", "iframe")], 200),
        ("/missing", [("sec-fetch-dest", "script")], 404),
        ("/missing.js", [("accept", "*/*")], 404),
        ("/missing.png", [], 404),
        ("/page.html", [("accept", "*/*")], 200),
        ("/users/ada.lovelace", [("accept", "text/html")], 200),
        ("/api", [("sec-fetch-dest", "empty"), ("accept", "application/json")], 404),
    ],
)
def test_the_page_is_for_documents_and_a_missing_asset_is_missing(
    tmp_path: Path, path: str, headers: list[tuple[str, str]], status: int
) -> None:
    (tmp_path / "index.html").write_text("page")
    app = create_app(Router(), spa_fallback=tmp_path / "index.html")
    assert request(app, "GET", path, headers).status == status
