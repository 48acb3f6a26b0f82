import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi.memory import request
from wesktop.asgi import Router, create_app
from wesktop.asgi.files.opening import locate
from wesktop.asgi.types import ASGIApp

SECRET = b"secret"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A directory to serve, with secrets round it and traps in it."""
    root = tmp_path / "static"
    (root / "sub").mkdir(parents=True)
    (root / "app.js").write_text("let x")
    (root / "sub" / "style.css").write_text("a{}")
    (root / "größe.txt").write_text("ü")
    (root / "two  spaces.txt").write_text("s")
    (root / "inner").symlink_to("sub/style.css")
    for secret in [
        root / ".env",
        root / ".git" / "config",
        tmp_path / "secret.txt",
        tmp_path / "static-old" / "a.txt",
    ]:
        secret.parent.mkdir(exist_ok=True)
        secret.write_bytes(SECRET)
    (root / "to-dotfile.txt").symlink_to(".env")
    (root / "to-dot-directory").symlink_to(".git")
    (root / "outside.txt").symlink_to("../secret.txt")
    (root / "outside").symlink_to("../static-old")
    (root / "absolute").symlink_to(tmp_path / "secret.txt")
    (root / "dangling").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    (root / "zero").symlink_to("/dev/zero")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        directory = os.open(root, os.O_RDONLY)
        unix.bind(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
        yield root


@pytest.fixture
def app(root: Path) -> ASGIApp:
    return create_app(Router(), static_dir=root)


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/assets/app.js", "text/javascript; charset=utf-8", "let x"),
        ("/assets/sub/style.css", "text/css; charset=utf-8", "a{}"),
        ("/assets/größe.txt", "text/plain; charset=utf-8", "ü"),
        ("/assets/two  spaces.txt", "text/plain; charset=utf-8", "s"),
        ("/assets/inner", "text/css; charset=utf-8", "a{}"),
    ],
)
def test_file_below_the_root_is_served(app: ASGIApp, path: str, content_type: str, body: str) -> None:
    answer = request(app, "GET", path)
    assert (answer.status, answer.text, answer.header("content-type")) == (200, body, content_type)
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("cache-control") == "no-cache"


# As a server hands them on: percent-decoded once.
HOSTILE = [
    "", "/", ".", "..", "../secret.txt", "../static-old/a.txt", "sub/../../secret.txt", "sub/../app.js", "./app.js",
    "sub/./style.css", "sub//style.css", "/app.js", "//app.js", "app.js/", "app.js/.", "app.js/x", "sub", "sub/",
    "..\\secret.txt", "sub\\style.css", "\\app.js", "C:\\x", "C:/x", "app.js::$DATA", "app.js\0", "\0", "a\0/../a",
    "%2e%2e/secret.txt", "..%2fsecret.txt", "%252e%252e/secret.txt", "....//secret.txt", ".../secret.txt",
    "..;/secret.txt", "\uff0e\uff0e/secret.txt", "\u2025/secret.txt", "..\u2215secret.txt", "\udcff",
    "~root/.profile", ".env", ".git/config", "sub/.hidden", "outside.txt",
    "to-dotfile.txt", "to-dot-directory/config", "outside/a.txt", "absolute", "dangling", "loop", "zero",
    "fifo", "socket", "etc/passwd", "/etc/passwd", "//etc/passwd", "x" * 300, "x/" * 5000, "App.js", "missing.js",
]  # fmt: skip


@pytest.mark.parametrize("relative", HOSTILE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_all_else_is_404(app: ASGIApp, relative: str, method: str) -> None:
    answer = request(app, method, "/assets/" + relative)
    assert answer.status == 404
    assert SECRET not in answer.body


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../secret.txt", "/assets-old/a.txt", "/static-old/a.txt"]
)
def test_paths_outside_the_prefix_are_404(app: ASGIApp, path: str) -> None:
    assert request(app, "GET", path).status == 404


@pytest.mark.skipif(os.sep == "\\", reason="no names of files there")
@pytest.mark.parametrize("name", ["12:30.txt", "C:", "a\\b.txt", "\\", "app.js::$DATA"])
def test_a_colon_and_a_backslash_are_characters_of_a_name_where_they_separate_nothing(root: Path, name: str) -> None:
    (root / name).write_text("named")
    app = create_app(Router(), static_dir=root)
    assert request(app, "GET", f"/assets/{name}").text == "named"


@pytest.mark.parametrize("relative", HOSTILE)
def test_nothing_else_is_located(root: Path, relative: str) -> None:
    assert locate(root.resolve(), relative) is None


def test_root_that_is_itself_a_link_is_served(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    assert request(create_app(Router(), static_dir=link), "GET", "/assets/app.js").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_other_methods_are_405_with_allow(app: ASGIApp, method: str) -> None:
    answer = request(app, method, "/assets/app.js")
    assert (answer.status, answer.json) == (405, {"error": "method not allowed"})
    assert answer.header("allow") == "GET, HEAD"


def test_head_has_the_headers_of_get(app: ASGIApp) -> None:
    assert request(app, "HEAD", "/assets/app.js").raw_headers == request(app, "GET", "/assets/app.js").raw_headers


def test_second_request_with_the_etag_is_304(app: ASGIApp) -> None:
    etag = request(app, "GET", "/assets/app.js").header("etag") or ""
    answer = request(app, "GET", "/assets/app.js", [("if-none-match", etag)])
    assert (answer.status, answer.header("x-content-type-options")) == (304, "nosniff")


@pytest.mark.parametrize("prefix", ["/files", "/files/", "/a/b"])
def test_prefix_is_as_given_with_or_without_a_final_slash(root: Path, prefix: str) -> None:
    app = create_app(Router(), static_dir=str(root), static_path=prefix)
    assert request(app, "GET", prefix.rstrip("/") + "/app.js").status == 200
    assert request(app, "GET", prefix.rstrip("/") + "x/app.js").status == 404
    assert request(app, "GET", "/assets/app.js").status == 404


def test_prefix_of_a_single_slash_leaves_other_paths_to_the_page(root: Path) -> None:
    app = create_app(Router(), static_dir=root, static_path="/", spa_fallback=root / "sub" / "style.css")
    assert request(app, "GET", "/app.js").text == "let x"
    assert request(app, "GET", "/some/view").header("content-type") == "text/html; charset=utf-8"
    assert request(app, "POST", "/some/view").status == 404


def test_route_goes_before_a_file(root: Path) -> None:
    router = Router()
    router.add_route("GET", "/assets/app.js", lambda _request: "route")
    app = create_app(router, static_dir=root)
    assert request(app, "GET", "/assets/app.js").text == "route"
    assert request(app, "GET", "/assets/sub/style.css").text == "a{}"


@pytest.mark.parametrize("wrong", ["missing", "app.js"])
def test_root_that_is_not_a_directory_is_refused(root: Path, wrong: str) -> None:
    with pytest.raises(ValueError, match="static_dir"):
        create_app(Router(), static_dir=root / wrong)


@pytest.mark.parametrize("wrong", ["", "assets"])
def test_prefix_without_a_leading_slash_is_refused(root: Path, wrong: str) -> None:
    with pytest.raises(ValueError, match="static_path"):
        create_app(Router(), static_dir=root, static_path=wrong)
