from pathlib import Path

import pytest

from asgi.memory import request
from wesktop.asgi import Router, create_app
from wesktop.asgi.types import ASGIApp

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture
def app(tmp_path: Path) -> ASGIApp:
    index = tmp_path / "index.html"
    index.write_text("<p>app")
    router = Router()
    router.add_route("GET", "/api/a", lambda _request: {"a": 1})
    router.add_route("POST", "/login", lambda _request: None)
    return create_app(router, static_dir=tmp_path, spa_fallback=index)


@pytest.mark.parametrize("path", ["/", "/users/1", "/login", "/assetsx", "/a.b.c", "/../x"])
def test_unmatched_get_is_the_page(app: ASGIApp, path: str) -> None:
    answer = request(app, "GET", path, [("accept", BROWSER)])
    assert (answer.status, answer.text) == (200, "<p>app")
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("x-content-type-options") == "nosniff"
    head = request(app, "HEAD", path, [("accept", BROWSER)])
    assert head.raw_headers == answer.raw_headers


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ([], 200),
        ([BROWSER], 200),
        (["text/html"], 200),
        (["TEXT/HTML; level=1"], 200),
        (["application/json, text/html;q=0.1"], 200),
        (["application/json", "text/html"], 200),
        (["text/*"], 200),
        (["*/*"], 200),
        (["application/json"], 404),
        (["image/avif,image/webp,image/*"], 404),
        (["text/event-stream"], 404),
        (["text/html;q=0"], 404),
        (["text/html; q=0.000, */*"], 404),
        (["*/*;q=0"], 404),
        ([""], 404),
    ],
)
def test_page_is_only_for_who_accepts_html(app: ASGIApp, accept: list[str], status: int) -> None:
    assert request(app, "GET", "/users/1", [("accept", value) for value in accept]).status == status


def test_missing_asset_is_404_and_not_the_page(app: ASGIApp) -> None:
    answer = request(app, "GET", "/assets/gone.js", [("accept", BROWSER)])
    assert (answer.status, answer.json) == (404, {"error": "not found"})


def test_route_goes_before_the_page(app: ASGIApp) -> None:
    assert request(app, "GET", "/api/a", [("accept", BROWSER)]).json == {"a": 1}


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/x", 404), ("PUT", "/login", 405)])
def test_other_methods_are_not_answered_by_the_page(app: ASGIApp, method: str, path: str, status: int) -> None:
    assert request(app, method, path, [("accept", BROWSER)]).status == status


def test_page_is_read_anew_when_it_changes(app: ASGIApp, tmp_path: Path) -> None:
    etag = request(app, "GET", "/").header("etag") or ""
    assert request(app, "GET", "/", [("if-none-match", etag)]).status == 304
    (tmp_path / "index.html").write_text("<p>new app")
    assert request(app, "GET", "/", [("if-none-match", etag)]).text == "<p>new app"


@pytest.mark.parametrize("wrong", ["missing.html", "."])
def test_page_that_is_not_a_file_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ValueError, match="spa_fallback"):
        create_app(Router(), spa_fallback=tmp_path / wrong)
