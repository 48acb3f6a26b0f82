"""What builds write (Vite, Next.js, Astro, MkDocs), served as it is, next to the routes of an app."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from asgi.memory import Answer, request
from wesktop.asgi import Router, create_app
from wesktop.asgi.files.missing import MAX_LOGGED
from wesktop.asgi.types import ASGIApp

NAVIGATION = [("accept", "text/html,*/*;q=0.8"), ("sec-fetch-dest", "document")]
BUILDS = {
    "vite": ["index.html", "favicon.svg", "assets/index-BfZ3x9aQ.js"],
    "next": ["index.html", "about.html", "404.html", "favicon.ico", "_next/static/chunks/main-3f2a9c1d.js"],
    "astro": ["index.html", "docs/index.html", "favicon.svg", "_astro/index.BfZ3x9aQ.css"],
    "mkdocs": ["index.html", "guide/start/index.html", "assets/main.js", "search/search_index.json"],
}


def build(directory: Path, *files: str) -> Path:
    for file in files:
        path = directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {file}")
    return directory


def api() -> Router:
    router = Router()
    router.get("/api/notes")(lambda _request: {"notes": []})
    return router


def single(directory: Path, **more: Any) -> ASGIApp:
    return create_app(api(), static_dir=directory, spa_fallback=directory / "index.html", **more)


def navigate(app: ASGIApp, path: str) -> Answer:
    return request(app, "GET", path, NAVIGATION)


def fetch(app: ASGIApp, path: str, kind: str = "script") -> Answer:
    """As a page of the app asks for something that it needs."""
    headers = [("sec-fetch-dest", kind), ("referer", "http://127.0.0.1:8000/notes?id=3")]
    return request(app, "GET", path, headers)


@pytest.mark.parametrize("name", BUILDS)
def test_all_files_of_a_build_are_found_where_it_put_them(tmp_path: Path, name: str) -> None:
    app = single(build(tmp_path / "dist", *BUILDS[name]))
    for file in BUILDS[name]:
        assert request(app, "GET", f"/{file}").text == f"this is {file}"


@pytest.mark.parametrize("name", BUILDS)
def test_a_build_can_be_all_there_is(tmp_path: Path, name: str) -> None:
    app = create_app(api(), static_dir=build(tmp_path / "dist", *BUILDS[name]), static_path="/")
    assert navigate(app, "/").text == "this is index.html"
    assert navigate(app, "/nowhere").status == 404
    for file in BUILDS[name]:
        assert request(app, "GET", f"/{file}").text == f"this is {file}"


def test_a_path_with_a_slash_is_its_directorys_index_and_one_without_leads_there(tmp_path: Path) -> None:
    app = create_app(Router(), static_dir=build(tmp_path, "docs/index.html", "docs/a.css"), static_path="/")
    assert navigate(app, "/docs/").text == "this is docs/index.html"
    moved = navigate(app, "/docs")
    assert (moved.status, moved.header("location")) == (307, "/docs/")
    assert request(app, "POST", "/docs").status == 404
    assert request(app, "POST", "/docs/").status == 405
    assert navigate(app, "/").status == 404
    assert navigate(app, "/docs/a.css/").status == 404


def test_the_index_of_the_prefix_itself(tmp_path: Path) -> None:
    app = create_app(Router(), static_dir=build(tmp_path, "index.html"), static_path="/manual")
    assert navigate(app, "/manual/").text == "this is index.html"
    assert navigate(app, "/manual").header("location") == "/manual/"


def test_a_page_without_its_suffix_is_found(tmp_path: Path) -> None:
    app = create_app(Router(), static_dir=build(tmp_path, "about.html", "v1.2.html", "c", "c.html"), static_path="/")
    assert navigate(app, "/about").text == "this is about.html"
    assert navigate(app, "/about").header("content-type") == "text/html; charset=utf-8"
    assert navigate(app, "/c").text == "this is c"
    assert navigate(app, "/v1.2").status == 404


def test_a_view_of_the_page_is_the_page(tmp_path: Path) -> None:
    app = single(build(tmp_path, *BUILDS["vite"]))
    for path in ("/", "/notes/3", "/assets-of-mine"):
        assert navigate(app, path).text == "this is index.html"


def test_a_misspelt_path_of_the_api_is_a_404_as_json(tmp_path: Path) -> None:
    app = single(build(tmp_path, "index.html"))
    assert request(app, "GET", "/api/notes").json == {"notes": []}
    for answer in (navigate(app, "/api/nope"), fetch(app, "/api/nope", "empty"), request(app, "GET", "/api/nope")):
        assert (answer.status, answer.json) == (404, {"error": "not found"})
    plain = create_app(Router(), spa_fallback=tmp_path / "index.html")
    assert navigate(plain, "/api/nope").text == "this is index.html"


def test_a_page_outside_of_the_directory_has_no_files_next_to_it(tmp_path: Path) -> None:
    build(tmp_path, "index.html", "secret.txt", "static/a.js")
    app = create_app(Router(), static_dir=tmp_path / "static", spa_fallback=tmp_path / "index.html")
    assert request(app, "GET", "/secret.txt").status == 404
    assert request(app, "GET", "/assets/a.js").text == "this is static/a.js"
    assert navigate(app, "/secret").text == "this is index.html"


def test_a_missing_asset_is_a_404_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = single(build(tmp_path, "index.html"), name="myapp")
    for path, kind in (("/assets/gone.js", "script"), ("/logo.png", "image"), ("/assets/gone.js", "script")):
        assert fetch(app, path, kind).status == 404
    for path, kind in (("/api/x", "empty"), ("/favicon.ico", "image")):
        assert fetch(app, path, kind).status == 404
    said = [(record.name, record.levelno) for record in caplog.records]
    assert said == [("myapp", logging.WARNING)] * 2
    assert "/assets/gone.js" in caplog.messages[0]
    assert "/notes" in caplog.messages[0]
    assert "/logo.png" in caplog.messages[1]


def test_an_engine_that_does_not_tell_what_it_asks_for_is_judged_by_the_suffix(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = single(build(tmp_path, "index.html"))
    request(app, "GET", "/gone.js", [("referer", "http://127.0.0.1/")])
    request(app, "GET", "/typed.js")
    assert [message for message in caplog.messages if "/gone.js" in message] == caplog.messages


def test_the_log_of_missing_assets_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(Router())
    for number in range(MAX_LOGGED + 5):
        fetch(app, f"/{number}.js")
    assert len(caplog.messages) == MAX_LOGGED


def test_before_the_first_build_a_page_tells_what_to_run(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    app = single(dist, build_command="npm run build -- <x>")
    answer = navigate(app, "/")
    assert answer.status == 503
    assert "npm run build -- &lt;x&gt;" in answer.text
    assert str(dist) in answer.text
    assert request(app, "GET", "/assets/a.js", [("sec-fetch-dest", "script")]).status == 404
    assert request(app, "GET", "/api/notes").status == 200
    build(dist, *BUILDS["vite"])
    assert navigate(app, "/view").text == "this is index.html"
    assert request(app, "GET", "/favicon.svg").status == 200


def test_a_build_that_becomes_a_link_is_served(tmp_path: Path) -> None:
    app = create_app(Router(), static_dir=tmp_path / "dist", static_path="/", build_command="make")
    assert navigate(app, "/").status == 503
    (tmp_path / "dist").symlink_to(build(tmp_path / "out", "index.html"))
    assert navigate(app, "/").text == "this is index.html"


def test_without_a_build_command_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="static_dir"):
        single(tmp_path / "dist")
    with pytest.raises(TypeError, match="build_command"):
        single(tmp_path, build_command=5)


def test_relative_paths_are_those_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path / "dist", *BUILDS["vite"])
    monkeypatch.chdir(tmp_path)
    app = create_app(api(), static_dir="dist", spa_fallback="dist/index.html")
    monkeypatch.chdir(os.sep)
    assert request(app, "GET", "/favicon.svg").status == 200
    assert navigate(app, "/view").text == "this is index.html"
