"""What holds for any input: paths stay below the root, headers cannot be split, the protocol is kept."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi.conformance import Conformance
from asgi.memory import body_messages, request
from wesktop.asgi import FileResponse, HTTPError, Request, Router, StreamResponse, TextResponse, create_app
from wesktop.asgi.files.opening import locate

PIECES = st.sampled_from(
    ["..", ".", "", "a", "sub", "file.txt", "static", "secret.txt", "link", "~", "C:", "\\", "%2e%2e", "\0", "\udcff",
     "..\\", "con", "a" * 300, "\u202e", " "]
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base")
    root = base / "static"
    (root / "sub").mkdir(parents=True)
    (base / "static-old").mkdir()
    for inside in ("file.txt", "sub/file.txt", ".hidden"):
        (root / inside).write_text("inside")
    for outside in ("secret.txt", "static-old/file.txt"):
        (base / outside).write_text("outside")
    (root / "link").symlink_to("../secret.txt")
    (root / "sub" / "link").symlink_to("../../static-old")
    return root


@given(st.lists(PIECES, max_size=6), st.sampled_from(["/", "//", "\\", "/./", "%2f"]), st.booleans())
def test_nothing_outside_of_the_root_is_found_by_any_path(
    root: Path, pieces: list[str], separator: str, dotfiles: bool
) -> None:
    names = locate(root.resolve(), separator.join(pieces), dotfiles=dotfiles)
    if names is not None:
        assert root.joinpath(*names).read_text() == "inside"
        assert dotfiles or not names[-1].startswith(".")


@given(st.text(max_size=20), st.text(max_size=30))
def test_a_header_is_sent_as_it_is_or_refused(name: str, value: str) -> None:
    try:
        response = TextResponse("x", headers={name: value})
    except ValueError:
        return
    answer = request(Conformance(response))
    assert (name.lower().encode("ascii"), value.encode("latin-1")) in answer.raw_headers


async def chunks() -> Any:
    for chunk in ("a", b"b", ""):
        yield chunk


@pytest.fixture(scope="module")
def app(root: Path) -> Any:
    router = Router()
    answers: dict[str, Any] = {
        "text": lambda: "x", "json": lambda: {"a": 1}, "none": lambda: None, "bytes": lambda: b"\0",
        "stream": lambda: StreamResponse(chunks(), "text/plain"), "file": lambda: FileResponse(root / "file.txt"),
        "missing": lambda: FileResponse(root / "missing"), "wrong": lambda: object(),
    }  # fmt: skip

    @router.get("/answer/{kind}")
    @router.post("/answer/{kind}")
    async def answer(request: Request) -> Any:
        return answers.get(request.path_params["kind"], answers["wrong"])()

    @router.get("/error/{status:int}")
    async def error(request: Request) -> None:
        raise HTTPError(request.path_params["status"])

    @router.post("/json")
    async def json(request: Request) -> Any:
        return [request.json, request.query("q", 1, int), request.cookies, request.decode(dict[str, int])]

    @router.post("/form", stream=True)
    async def form(request: Request) -> Any:
        return (await request.form()).fields

    return Conformance(create_app(router, static_dir=root, max_body_size=1000, redirect_slashes=True))


NAMES = ["range", "if-none-match", "if-modified-since", "if-range", "accept", "accept-encoding", "cookie", "host",
         "content-type", "content-length", "transfer-encoding"]  # fmt: skip
VALUES = ["", "*", "bytes=0-1", "bytes=5-", '"x"', "text/html", "gzip", "a=b; c", "5", "-1", "99999999", "chunked",
          "multipart/form-data; boundary=b", "application/x-www-form-urlencoded",
          "Thu, 01 Jan 1970 00:00:00 GMT"]  # fmt: skip
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(st.characters(max_codepoint=255), max_size=20)
    ),
    max_size=4,
)
PATHS = st.sampled_from(
    ["/", "/answer/text", "/answer/json", "/answer/none", "/answer/bytes", "/answer/stream", "/answer/file",
     "/answer/missing", "/answer/wrong", "/answer/text/", "/error/404", "/error/200", "/error/x", "/json", "/form",
     "/assets/file.txt", "/assets/nowhere", "/assets/", "*", ""]
)  # fmt: skip
METHODS = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "DELETE", "BREW"])


@settings(max_examples=300)
@given(METHODS, PATHS | st.text(max_size=20), HEADERS, st.lists(st.binary(max_size=600), min_size=1, max_size=3))
def test_the_protocol_is_kept_whatever_is_asked(
    app: Any, method: str, path: str, headers: list[tuple[str, str]], body: list[bytes]
) -> None:
    answer = request(app, method, path, headers, messages=body_messages(*body))
    assert 200 <= answer.status < 600
